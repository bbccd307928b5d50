#include "server/signature_verifier.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <utility>

#include "aws/digest.h"
#include "aws/signature.h"
#include "core/api_error.h"
#include "core/ascii.h"
#include "core/hexadecimal.h"
#include "http/url.h"

// The checks are in the service's order, as dynalite recorded it. Checks that dynalite did not record (docs/security.md
// lists them) are where they are cheapest.
namespace stator::server {
namespace {

using aws::CanonicalFields;
using aws::request_stamp;

/// The service's messages have named 5 minutes since 2016 at the latest ("… - 5 min.)"); in 2014 they named 15.
constexpr std::int64_t kMaxSkewMs = std::int64_t{5} * 60 * 1000;
constexpr std::int64_t kMaxExpirySeconds = std::int64_t{7} * 24 * 60 * 60;
constexpr std::string_view kService = "dynamodb";
constexpr std::string_view kMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.";

[[noreturn]] void refuse(std::string message) {
  throw core::ApiError(core::ErrorCode::kInvalidSignature, std::move(message));
}
[[noreturn]] void refuse_form(std::string message) {
  throw core::ApiError(core::ErrorCode::kIncompleteSignature, std::move(message));
}
[[noreturn]] void refuse_client(std::string message) {
  throw core::ApiError(core::ErrorCode::kUnrecognizedClient, std::move(message));
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

/// The parts of a signature, as given in the request.
struct GivenSignature {
  std::string algorithm;
  std::string credential;
  std::string signed_names;
  std::string signature;
  std::string stamp;
  /// Presigned requests only.
  std::optional<std::string> expires;
  std::optional<std::string> session_token;
  /// The signed part of the query.
  std::string query;
};

/// "KEY/20130524/us-east-1/dynamodb/aws4_request"
struct Credential {
  std::string_view key_id;
  std::string_view date;
  std::string_view region;
  std::string_view service;
  std::string_view terminator;
  /// Everything except the key.
  std::string_view scope;
};

CanonicalFields fields_of(const RequestHead& head) {
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  fields.reserve(16);
  for (std::string_view rest = head.fields; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return aws::canonical_fields(fields);
}

std::optional<std::string> session_token_of(const CanonicalFields& fields) {
  const auto found = aws::fields_named(fields, "x-amz-security-token");
  if (found.empty()) return std::nullopt;
  return std::string(found.front().value);
}

/// Parses "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…"; the parts are separated by commas or spaces.
GivenSignature read_header(const RequestHead& head, const CanonicalFields& fields) {
  if (aws::fields_named(fields, "authorization").size() > 1) refuse("Found more than one 'Authorization' header.");
  GivenSignature given;
  std::string_view rest = head.authorization;
  const auto next = [&rest] {
    rest.remove_prefix(std::min(rest.find_first_not_of(", \t"), rest.size()));
    const std::string_view piece = rest.substr(0, rest.find_first_of(", \t"));
    rest.remove_prefix(piece.size());
    return piece;
  };
  given.algorithm = next();
  for (std::string_view piece = next(); !piece.empty(); piece = next()) {
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos) {
      refuse_form(in_quotes(piece) + " not a valid key=value pair (missing equal-sign) in Authorization header: " +
                  in_quotes(head.authorization) + ".");
    }
    const std::string_view name = piece.substr(0, equals);
    std::string* const part = name == "Credential"      ? &given.credential
                              : name == "SignedHeaders" ? &given.signed_names
                              : name == "Signature"     ? &given.signature
                                                        : nullptr;
    if (part == nullptr) continue;
    if (!part->empty()) refuse_form("Authorization header has more than one " + in_quotes(name) + " parameter.");
    *part = piece.substr(equals + 1);
  }
  given.stamp = head.amz_date.empty() ? head.date : head.amz_date;
  given.session_token = session_token_of(fields);
  given.query = head.query();
  return given;
}

GivenSignature read_query(const RequestHead& head, const CanonicalFields& fields) {
  const std::string_view query = head.query();
  const auto find = [&](std::string_view name) -> std::optional<std::string> {
    std::string_view value;
    if (!find_in_query(query, name, value)) return std::nullopt;
    return http::percent_decode(value);
  };
  GivenSignature given;
  given.algorithm = find("X-Amz-Algorithm").value_or("");
  given.credential = find("X-Amz-Credential").value_or("");
  given.signed_names = find("X-Amz-SignedHeaders").value_or("");
  given.signature = find("X-Amz-Signature").value_or("");
  given.stamp = find("X-Amz-Date").value_or("");
  given.expires = find("X-Amz-Expires");
  given.session_token = find("X-Amz-Security-Token");
  if (!given.session_token) given.session_token = session_token_of(fields);
  // Leaves out the signature itself. A second one is kept, which makes the signature invalid.
  bool left_out = false;
  for (std::string_view rest = query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (!left_out && pair.substr(0, pair.find('=')) == "X-Amz-Signature") {
      left_out = true;
      continue;
    }
    given.query += given.query.empty() ? "" : "&";
    given.query += pair;
  }
  return given;
}

std::string span_text(std::int64_t span_ms) {
  const std::int64_t seconds = span_ms / 1000;
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds) + " sec";
}

/// How long after its date a presigned request is valid.
std::int64_t validity_ms(const GivenSignature& given) {
  if (!given.expires) return kMaxSkewMs;
  std::int64_t seconds = 0;
  const std::string& text = *given.expires;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 1 || seconds > kMaxExpirySeconds) {
    refuse_form("X-Amz-Expires must be a number of seconds from 1 to " + std::to_string(kMaxExpirySeconds) + ", got " +
                in_quotes(text));
  }
  return seconds * 1000;
}

void check_date(const GivenSignature& given, std::int64_t now_ms) {
  const auto date_ms = aws::parse_request_stamp(given.stamp);
  if (!date_ms) {
    refuse_form("Date must be in ISO-8601 'basic format'. Got " + in_quotes(given.stamp) +
                ". See http://en.wikipedia.org/wiki/ISO_8601");
  }
  const std::string now = request_stamp(now_ms);
  const std::int64_t validity = validity_ms(given);
  if (*date_ms < now_ms - validity) {
    refuse("Signature expired: " + given.stamp + " is now earlier than " + request_stamp(now_ms - validity) + " (" +
           now + " - " + span_text(validity) + ".)");
  }
  if (*date_ms > now_ms + kMaxSkewMs) {
    refuse("Signature not yet current: " + given.stamp + " is still later than " + request_stamp(now_ms + kMaxSkewMs) +
           " (" + now + " + " + span_text(kMaxSkewMs) + ".)");
  }
}

bool is_listed(std::string_view signed_names, std::string_view name) {
  for (std::string_view rest = signed_names;;) {
    const std::string_view listed = rest.substr(0, rest.find(';'));
    if (core::equals_ignoring_case(listed, name)) return true;
    if (listed.size() == rest.size()) return false;
    rest.remove_prefix(listed.size() + 1);
  }
}

/// Host and all X-Amz-* fields must be signed. X-Amz-User-Agent is excepted: it has no effect, and AWS's SDK for PHP
/// does not sign it.
void check_signed_names(const GivenSignature& given, const CanonicalFields& fields) {
  const auto refuse_unsigned = [](std::string_view name) {
    refuse(in_quotes(name) + " must be a 'SignedHeader' in the AWS Authorization.");
  };
  if (!is_listed(given.signed_names, "host")) refuse_unsigned("Host");
  for (const auto& field : fields) {
    if (!field.name.starts_with("x-amz-") || field.name == "x-amz-user-agent") continue;
    if (!is_listed(given.signed_names, field.name)) refuse_unsigned(field.name);
  }
}

/// Refuses a signature over a field that the request does not have, which would count as empty.
void check_signed_fields(const GivenSignature& given, const CanonicalFields& fields) {
  if (!aws::are_canonical_names(given.signed_names)) refuse(std::string(kMismatch));
  for (std::string_view rest = given.signed_names;;) {
    const std::string_view name = rest.substr(0, rest.find(';'));
    if (aws::fields_named(fields, name).empty()) {
      refuse(in_quotes(name) + " is a 'SignedHeader' in the AWS Authorization, but the request has no such header.");
    }
    if (name.size() == rest.size()) return;
    rest.remove_prefix(name.size() + 1);
  }
}

Credential split_credential(std::string_view text) {
  std::array<std::string_view, 5> parts;
  std::size_t count = 0;
  for (std::string_view rest = text;; ++count) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (count < parts.size()) parts[count] = part;
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  if (count + 1 != parts.size()) {
    refuse_form("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got " +
                in_quotes(text));
  }
  return {parts[0], parts[1], parts[2], parts[3], parts[4], text.substr(parts[0].size() + 1)};
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void check_scope(const Credential& credential, std::string_view stamp) {
  std::string faults;
  // The service ends every sentence with a space, including the last.
  const auto add = [&faults](const std::string& fault) { faults += fault + " "; };
  if (!is_region(credential.region)) add("Credential should be scoped to a valid region.");
  if (credential.service != kService) {
    add("Credential should be scoped to correct service: " + in_quotes(kService) + ".");
  }
  if (credential.terminator != aws::kScopeTerminator) {
    add("Credential should be scoped with a valid terminator: 'aws4_request', not " + in_quotes(credential.terminator) +
        ".");
  }
  if (credential.date != stamp.substr(0, 8)) {
    add("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
        in_quotes(credential.date) + " != " + in_quotes(stamp.substr(0, 8)) + ", from " + in_quotes(stamp) + ".");
  }
  if (!faults.empty()) refuse(faults);
}

/// Returns the hash of the body, checked against x-amz-content-sha256 if the request has that. Unsigned bodies are
/// refused: only S3 has them.
std::string check_payload(const CanonicalFields& fields, std::string_view body) {
  std::string hash = core::hexadecimal(aws::sha256(body));
  for (const auto& field : aws::fields_named(fields, "x-amz-content-sha256")) {
    if (field.value != hash) refuse(std::string(kMismatch));
  }
  return hash;
}

void check_session_token(const AccessKey& key, const std::optional<std::string>& token) {
  const std::string none;
  if (!aws::same_secret(token ? *token : none, key.session_token) || (token && token->empty())) {
    refuse_client("The security token included in the request is invalid");
  }
}

}  // namespace

std::string SigningKeyCache::find(const AccessKey& key, std::string_view scope) const {
  const std::shared_lock lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.key.get() == &key && entry.scope == scope) return entry.signing_key;
  }
  return {};
}

void SigningKeyCache::keep(std::shared_ptr<const AccessKey> key, std::string_view scope, std::string_view signing_key) {
  const std::unique_lock lock(mutex_);
  Entry entry{std::move(key), std::string(scope), std::string(signing_key)};
  if (entries_.size() < kMaxEntries) {
    entries_.push_back(std::move(entry));
    return;
  }
  entries_[oldest_] = std::move(entry);
  oldest_ = (oldest_ + 1) % kMaxEntries;
}

SignatureVerifier::SignatureVerifier(std::shared_ptr<const Reloadable<AccessKeys>> keys, const core::Clock& clock)
    : keys_(std::move(keys)), clock_(clock) {
  aws::sha256("");  // loads libcrypto now, so that the start fails if it is missing
}

std::shared_ptr<const AccessKey> SignatureVerifier::check(const RequestHead& head, std::string_view body) const {
  const SignaturePlace place = find_signature(head);
  const CanonicalFields fields = fields_of(head);
  const GivenSignature given = place == SignaturePlace::kHeader ? read_header(head, fields) : read_query(head, fields);
  check_date(given, clock_.now_ms());
  check_signed_names(given, fields);
  if (given.algorithm != aws::kSigningAlgorithm) {
    refuse_form("Unsupported AWS 'algorithm': " + in_quotes(given.algorithm) + " (only AWS4-HMAC-SHA256 for now). ");
  }
  const Credential credential = split_credential(given.credential);
  check_scope(credential, given.stamp);
  const std::shared_ptr<const AccessKey> key = keys_->value()->find(credential.key_id);
  if (key == nullptr) refuse_client("The security token included in the request is invalid.");

  check_signed_fields(given, fields);
  const std::string canonical = aws::canonical_request({.method = head.method,
                                                        .path = head.path(),
                                                        .query = given.query,
                                                        .fields = fields,
                                                        .signed_names = given.signed_names,
                                                        .payload_hash = check_payload(fields, body)});
  const std::string known = signing_keys_.find(*key, credential.scope);
  const std::string signing_key =
      known.empty() ? aws::signing_key(key->secret, credential.date, credential.region, credential.service) : known;
  const std::string expected =
      core::hexadecimal(aws::hmac_sha256(signing_key, aws::string_to_sign(given.stamp, credential.scope, canonical)));
  if (!aws::same_secret(expected, given.signature)) refuse(std::string(kMismatch));
  if (known.empty()) signing_keys_.keep(key, credential.scope, signing_key);
  check_session_token(*key, given.session_token);
  return key;
}

}  // namespace stator::server
