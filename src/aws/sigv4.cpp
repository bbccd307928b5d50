#include "aws/sigv4.h"

#include <algorithm>
#include <vector>

#include "aws/digest.h"
#include "aws/signature.h"
#include "core/hexadecimal.h"
#include "http/url.h"

namespace stator::aws {

void sign(http::Request& request, const SigningScope& scope, const Credentials& credentials, std::int64_t now_ms) {
  const std::string stamp = request_stamp(now_ms);
  const std::string date = stamp.substr(0, 8);
  request.fields.emplace_back("X-Amz-Date", stamp);
  if (!credentials.session_token.empty())
    request.fields.emplace_back("X-Amz-Security-Token", credentials.session_token);

  const std::string_view whole = request.url;
  const std::size_t question = std::min(whole.find('?'), whole.size());
  const std::string_view query = whole.substr(std::min(question + 1, whole.size()));
  const http::Url url = http::parse_url(whole.substr(0, question));
  const std::string host = url.host_header();
  std::vector<std::pair<std::string_view, std::string_view>> sent{{"host", host}};
  sent.insert(sent.end(), request.fields.begin(), request.fields.end());
  const CanonicalFields fields = canonical_fields(sent);
  std::string names;
  std::string_view before;
  for (const CanonicalField& field : fields) {
    if (field.name == before) continue;
    before = field.name;
    if (field.name != "host" && field.name != "content-type" && !field.name.starts_with("x-amz-")) continue;
    names += (names.empty() ? "" : ";") + field.name;
  }

  // canonical_request encodes the path again, as services other than S3 expect.
  const std::string path = scope.service == "s3" ? http::percent_decode(url.path) : url.path;
  const std::string canonical = canonical_request({.method = request.method,
                                                   .path = path,
                                                   .query = query,
                                                   .fields = fields,
                                                   .signed_names = names,
                                                   .payload_hash = core::hexadecimal(sha256(request.body))});
  const std::string scope_text = credential_scope(date, scope.region, scope.service);
  const std::string key = signing_key(credentials.secret_access_key, date, scope.region, scope.service);
  request.fields.emplace_back(
      "Authorization", std::string(kSigningAlgorithm) + " Credential=" + credentials.access_key_id + "/" + scope_text +
                           ", SignedHeaders=" + names + ", Signature=" +
                           core::hexadecimal(hmac_sha256(key, string_to_sign(stamp, scope_text, canonical))));
}

}  // namespace stator::aws
