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
  std::string session;  // the name of its sso-session section; empty: the profile has the settings itself
  std::string start_url;
  std::string region;
  std::string account_id;
  std::string role_name;
};

/// What the profile says of single sign-on; nullopt where it names neither account nor role. Throws ConfigurationError
/// where something is missing.
std::optional<SingleSignOn> read_single_sign_on(const Files& files, const std::string& profile,
                                                const ProfileSettings& settings);

/// Whether credentials that an earlier command, or the AWS CLI, left in ~/.aws/cli/cache are taken.
enum class EarlierCredentials : std::uint8_t { kTaken, kPassedOver };

/// The credentials of the role, kept for later commands where the AWS CLI keeps them (`aws sso logout` removes them). A
/// token that ends within a quarter of an hour is renewed first, where its session allows it, and written back. Throws
/// ConfigurationError: no token, an ended one, or a refusal.
Credentials fetch_single_sign_on_credentials(const Environment& environment, const SingleSignOn& sign_on,
                                             EarlierCredentials earlier);

}  // namespace stator::aws
