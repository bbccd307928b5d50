#include "server/authentication.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/api_error.h"

namespace stator::server {
namespace {

constexpr std::array<std::string_view, 3> kHeaderParts = {"Credential", "Signature", "SignedHeaders"};
constexpr std::array<std::string_view, 5> kQueryParts = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
                                                         "X-Amz-SignedHeaders", "X-Amz-Date"};

/// Whether the Authorization header has a value for `name`. Its parts are separated by commas or spaces; the first
/// part, the algorithm, is skipped.
bool has_part(std::string_view authorization, std::string_view name) {
  for (std::size_t at = authorization.find(name); at != std::string_view::npos; at = authorization.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (at == 0 || end + 1 >= authorization.size() || authorization[end] != '=') continue;
    const bool begins = authorization[at - 1] == ' ' || authorization[at - 1] == ',';
    const bool has_value = authorization[end + 1] != ',' && authorization[end + 1] != ' ';
    if (begins && has_value) return true;
  }
  return false;
}

void check_header(const RequestHead& head) {
  std::string missing;
  for (const std::string_view part : kHeaderParts) {
    if (!has_part(head.authorization, part)) {
      missing += "Authorization header requires '" + std::string(part) + "' parameter. ";
    }
  }
  if (head.amz_date.empty() && head.date.empty()) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing.empty()) return;
  throw core::ApiError(core::ErrorCode::kIncompleteSignature,
                       missing + "Authorization=" + std::string(head.authorization));
}

void check_query(std::string_view query) {
  std::string missing;
  for (const std::string_view part : kQueryParts) {
    std::string_view value;
    if (!find_in_query(query, part, value) || value.empty()) {
      missing += "AWS query-string parameters must include '" + std::string(part) + "'. ";
    }
  }
  if (missing.empty()) return;
  throw core::ApiError(core::ErrorCode::kIncompleteSignature, missing + "Re-examine the query-string parameters.");
}

}  // namespace

bool find_in_query(std::string_view query, std::string_view name, std::string_view& value) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
      return true;
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return false;
}

SignaturePlace find_signature(const RequestHead& head) {
  const bool in_header = !head.authorization.empty();
  std::string_view algorithm;
  const bool in_query = find_in_query(head.query(), kQueryParts[0], algorithm);
  if (in_header && in_query) {
    throw core::ApiError(core::ErrorCode::kInvalidSignature,
                         "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  }
  if (in_header ? !head.authorization.starts_with("AWS4-") : !in_query) {
    throw core::ApiError(core::ErrorCode::kMissingAuthenticationToken, "Request is missing Authentication Token");
  }
  if (in_header) {
    check_header(head);
    return SignaturePlace::kHeader;
  }
  check_query(head.query());
  return SignaturePlace::kQuery;
}

std::shared_ptr<const AccessKey> AnyCredentials::check(const RequestHead& head, std::string_view /*body*/) const {
  find_signature(head);
  return nullptr;
}

CredentialScope credential_scope(const RequestHead& head) {
  constexpr std::string_view kName = "Credential=";
  const std::string_view source = head.authorization.empty() ? head.query() : head.authorization;
  const std::size_t at = source.find(kName);
  if (at == std::string_view::npos) return {};
  std::string_view rest = source.substr(at + kName.size());
  const auto ends = [](char c) { return c == ',' || c == '&' || c == ' '; };
  rest = rest.substr(0, static_cast<std::size_t>(std::ranges::find_if(rest, ends) - rest.begin()));
  const std::string_view slash = rest.find('/') == std::string_view::npos ? "%2F" : "/";
  const auto next = [&rest, slash] {
    const std::size_t end = rest.find(slash);
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + slash.size());
    return part;
  };
  CredentialScope scope;
  scope.access_key_id = next();
  next();  // the date
  scope.region = next();
  return scope;
}

}  // namespace stator::server
