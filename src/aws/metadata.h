#pragma once

#include <optional>
#include <string>

#include "aws/config.h"

/// The services from which a program on AWS gets its credentials.
namespace stator::aws {

/// The instance's own metadata, version 2 (and 1 where 2 is refused)
/// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html). AWS_EC2_METADATA_DISABLED,
/// AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, AWS_EC2_METADATA_V1_DISABLED,
/// AWS_METADATA_SERVICE_TIMEOUT (seconds) and AWS_METADATA_SERVICE_NUM_ATTEMPTS are honoured, and but for the first the
/// settings of the profile.
class InstanceMetadata {
 public:
  explicit InstanceMetadata(const Environment& environment);

  /// The credentials of the instance's role; or nullopt, with what is missing in a few words in `why`.
  std::optional<Credentials> credentials(std::string& why);
  /// The region; nullopt where the service does not answer.
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
/// AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE. Throws ConfigurationError where they cannot be had.
Credentials fetch_container_credentials(const Environment& environment);

/// Reads {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}. Throws ConfigurationError
/// beginning with `source` where members are missing.
Credentials parse_credentials_json(const std::string& text, const std::string& source);

/// "2026-01-31T12:00:00Z" (also with fractions or an offset) in milliseconds since 1970; nullopt for anything else.
std::optional<std::int64_t> parse_iso8601_ms(const std::string& text);

}  // namespace stator::aws
