#pragma once

#include <optional>
#include <string>

#include "aws/config.h"

/// The services from which a program on AWS gets its credentials.
namespace stator::aws {

/// The metadata service of the instance, version 2 (and 1 if 2 is refused)
/// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html). AWS_EC2_METADATA_DISABLED,
/// AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, AWS_EC2_METADATA_V1_DISABLED,
/// AWS_METADATA_SERVICE_TIMEOUT (seconds) and AWS_METADATA_SERVICE_NUM_ATTEMPTS are honoured, and so are the profile's
/// settings for all but the first.
class InstanceMetadata {
 public:
  explicit InstanceMetadata(const Environment& environment);

  /// The credentials of the instance's role; or nullopt, and `why` says in a few words what is missing.
  std::optional<Credentials> credentials(std::string& why);
  /// The region; nullopt if the service does not answer.
  std::optional<std::string> region();

 private:
  std::optional<std::string> fetch(const std::string& path, std::string& why);
  const bool needs_token_;
  bool disabled_ = false;
  std::string url_;
  std::uint32_t timeout_ms_ = 1000;
  int attempts_ = 1;
  std::optional<std::string> token_;
};

/// The container's credentials (ECS, EKS): AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with
/// AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE. Throws ConfigurationError if they cannot be fetched.
Credentials fetch_container_credentials(const Environment& environment);

/// Reads {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}. Throws a ConfigurationError that
/// begins with `source` if members are missing.
Credentials parse_credentials_json(const std::string& text, const std::string& source);

/// "2026-01-31T12:00:00Z" (also with fractions or an offset) in milliseconds since 1970; nullopt for anything else.
std::optional<std::int64_t> parse_iso8601_ms(const std::string& text);

}  // namespace stator::aws
