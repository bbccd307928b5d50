#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The parts of AWS Signature Version 4 that signing (sigv4.h) and verifying requests share
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
namespace stator::aws {

inline constexpr std::string_view kSigningAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kScopeTerminator = "aws4_request";

/// The time of a request in the form that is signed, "20130524T000000Z".
std::string request_stamp(std::int64_t now_ms);
/// Milliseconds since 1970; nullopt for a text that is not a time in that form.
std::optional<std::int64_t> parse_request_stamp(std::string_view stamp);

/// A header field with its name in lower case.
struct CanonicalField {
  std::string name;
  std::string_view value;
};
/// Ascending by name; fields with the same name in the order in which they were sent.
using CanonicalFields = std::vector<CanonicalField>;

/// Sorts fields given as (name, value). The values are views of those given.
CanonicalFields canonical_fields(std::span<const std::pair<std::string_view, std::string_view>> fields);

/// The fields of that name (in lower case).
std::span<const CanonicalField> fields_named(const CanonicalFields& fields, std::string_view name);

struct SignedRequest {
  std::string_view method;
  /// As on the request line, without the query.
  std::string_view path;
  /// As on the request line, without the question mark and without X-Amz-Signature.
  std::string_view query;
  const CanonicalFields& fields;
  /// "content-type;host;x-amz-date": lower case, ascending, each once (`are_canonical_names`).
  std::string_view signed_names;
  /// The hash of the body, 64 lower-case hexadecimal digits.
  std::string_view payload_hash;
};

/// Whether the names are lower case, ascending and distinct, as a signature lists them.
bool are_canonical_names(std::string_view signed_names);

/// The canonical request. A signed name without a field counts as an empty field. Its size is at most a few times that
/// of the request.
std::string canonical_request(const SignedRequest& request);

/// "20130524/us-east-1/dynamodb/aws4_request"
std::string credential_scope(std::string_view date, std::string_view region, std::string_view service);

std::string string_to_sign(std::string_view stamp, std::string_view scope, std::string_view canonical_request);

/// The key for all requests of one day (`date`: "20130524"), region and service. 32 bytes.
std::string signing_key(std::string_view secret_access_key, std::string_view date, std::string_view region,
                        std::string_view service);

}  // namespace stator::aws
