#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aws/config.h"

/// Credentials by single sign-on (IAM Identity Center), with the token that `aws sso login` left in ~/.aws/sso/cache
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html).
namespace stator::aws {

struct SingleSignOn {
  std::string profile;  // for messages
  std::string session;  // the name of its sso-session section; empty if the profile itself has the settings
  std::string start_url;
  std::string region;
  std::string account_id;
  std::string role_name;
};

/// The profile's settings for single sign-on; nullopt if it names neither account nor role. Throws ConfigurationError
/// if something is missing.
std::optional<SingleSignOn> read_single_sign_on(const Files& files, const std::string& profile,
                                                const ProfileSettings& settings);

/// Whether to use credentials that an earlier command, or the AWS CLI, left in ~/.aws/cli/cache.
enum class EarlierCredentials : std::uint8_t { kTaken, kPassedOver };

/// Fetches the credentials of the role, and saves them for later commands where the AWS CLI does (`aws sso logout`
/// removes them). A token that expires within 15 minutes is renewed first, if its session allows it, and written back.
/// Throws ConfigurationError if there is no token, if it has expired, or if the service refuses it.
Credentials fetch_single_sign_on_credentials(const Environment& environment, const SingleSignOn& sign_on,
                                             EarlierCredentials earlier);

}  // namespace stator::aws
