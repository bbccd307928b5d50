#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/digest.h"
#include "aws/signature.h"
#include "core/hexadecimal.h"
#include "http/url.h"

namespace stator::server {

/// A request signed as the specification says; a test changes one member to sign, or to claim, something else.
struct SignedText {
  std::string method = "POST";
  std::string path = "/";
  /// The query string, without the parameters that signing adds to a presigned request.
  std::string query;
  std::vector<std::pair<std::string, std::string>> fields = {{"Host", "localhost:8000"},
                                                             {"Content-Type", "application/x-amz-json-1.0"},
                                                             {"X-Amz-Target", "DynamoDB_20120810.GetItem"}};
  std::string body = "{}";
  std::string signed_names = "content-type;host;x-amz-date;x-amz-target";
  std::string key_id = "AKIDEXAMPLE";
  std::string secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  std::string session_token;
  std::string stamp = "20150830T123600Z";
  std::string stamp_field = "X-Amz-Date";
  std::string algorithm = "AWS4-HMAC-SHA256";
  std::string date = "20150830";
  std::string region = "us-east-1";
  std::string service = "dynamodb";
  std::string terminator = "aws4_request";
  /// For presigned requests; if empty, the parameter is omitted.
  std::string expires = "300";

  [[nodiscard]] std::string credential() const {
    return key_id + "/" + date + "/" + region + "/" + service + "/" + terminator;
  }

  [[nodiscard]] std::string with_header() const {
    auto sent = fields;
    sent.emplace_back(stamp_field, stamp);
    if (!session_token.empty()) sent.emplace_back("X-Amz-Security-Token", session_token);
    const std::string names = session_token.empty() ? signed_names : with_token_name();
    const std::string signature = sign(sent, query, names);
    sent.emplace_back("Authorization", algorithm + " Credential=" + credential() + ", SignedHeaders=" + names +
                                           ", Signature=" + signature);
    return text(sent, query);
  }

  [[nodiscard]] std::string presigned() const {
    std::string names = signed_names;
    if (const auto at = names.find("x-amz-date;"); at != std::string::npos) names.erase(at, 11);
    std::string signed_query = query + (query.empty() ? "" : "&") + "X-Amz-Algorithm=" + algorithm +
                               "&X-Amz-Credential=" + http::percent_encode(credential()) + "&X-Amz-Date=" + stamp +
                               (expires.empty() ? "" : "&X-Amz-Expires=" + expires) +
                               "&X-Amz-SignedHeaders=" + http::percent_encode(names);
    if (!session_token.empty()) signed_query += "&X-Amz-Security-Token=" + http::percent_encode(session_token);
    return text(fields, signed_query + "&X-Amz-Signature=" + sign(fields, signed_query, names));
  }

 private:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  [[nodiscard]] std::string with_token_name() const {
    const std::size_t at = signed_names.find("x-amz-target");
    return signed_names.substr(0, at) + "x-amz-security-token;" + signed_names.substr(at);
  }

  [[nodiscard]] std::string sign(const Fields& sent, std::string_view signed_query, std::string_view names) const {
    std::vector<std::pair<std::string_view, std::string_view>> views(sent.begin(), sent.end());
    const auto canonical = aws::canonical_fields(views);
    const std::string request = aws::canonical_request({.method = method,
                                                        .path = path,
                                                        .query = signed_query,
                                                        .fields = canonical,
                                                        .signed_names = names,
                                                        .payload_hash = core::hexadecimal(aws::sha256(body))});
    const std::string scope = date + "/" + region + "/" + service + "/" + terminator;
    return core::hexadecimal(
        aws::hmac_sha256(aws::signing_key(secret, date, region, service), aws::string_to_sign(stamp, scope, request)));
  }

  [[nodiscard]] std::string text(const Fields& sent, const std::string& sent_query) const {
    std::string out = method + " " + path + (sent_query.empty() ? "" : "?" + sent_query) + " HTTP/1.1\r\n";
    for (const auto& [name, value] : sent) out += name + ": " + value + "\r\n";
    return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
};

}  // namespace stator::server
