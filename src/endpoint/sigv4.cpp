#include "endpoint/sigv4.h"

#include <algorithm>
#include <cctype>
#include <ctime>
#include <map>

#include "endpoint/digest.h"
#include "endpoint/url.h"

namespace stator::endpoint {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string utc_stamp(std::int64_t now_ms) {
  const std::time_t seconds = now_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[sizeof "YYYYMMDDTHHMMSSZ"];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Runs of blanks become one; none at the ends.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c != ' ' && c != '\t') {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

void sign(HttpRequest& request, const SigningScope& scope, const Credentials& credentials, std::int64_t now_ms) {
  const std::string stamp = utc_stamp(now_ms);
  const std::string date = stamp.substr(0, 8);
  request.fields.emplace_back("X-Amz-Date", stamp);
  if (!credentials.session_token.empty())
    request.fields.emplace_back("X-Amz-Security-Token", credentials.session_token);

  const Url url = parse_url(request.url);
  std::map<std::string, std::string> signed_fields{{"host", url.host_header()}};
  for (const auto& [name, value] : request.fields) {
    std::string key = lowered(name);
    if (key == "content-type" || key.starts_with("x-amz-")) signed_fields[std::move(key)] = canonical_value(value);
  }
  std::string canonical_fields;
  std::string names;
  for (const auto& [name, value] : signed_fields) {
    canonical_fields += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }

  const std::string canonical_request = request.method + "\n" + percent_encode(url.path, "/") + "\n\n" +
                                        canonical_fields + "\n" + names + "\n" + to_hex(sha256(request.body));
  const std::string scope_text = date + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + stamp + "\n" + scope_text + "\n" + to_hex(sha256(canonical_request));
  std::string key = hmac_sha256("AWS4" + credentials.secret_access_key, date);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  request.fields.emplace_back("Authorization", std::string(kAlgorithm) + " Credential=" + credentials.access_key_id +
                                                   "/" + scope_text + ", SignedHeaders=" + names +
                                                   ", Signature=" + to_hex(hmac_sha256(key, to_sign)));
}

}  // namespace stator::endpoint
