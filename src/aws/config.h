#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/profile_file.h"
#include "core/clock.h"

/// Region, profile and credentials as AWS tools find them
/// (https://docs.aws.amazon.com/cli/v1/userguide/cli-chap-configure.html).
namespace stator::aws {

/// The environment variables and the clock; tests use their own.
struct Environment {
  /// The variable's value; nullopt where unset or empty.
  std::function<std::optional<std::string>(const std::string&)> variable;
  const core::Clock* clock = &core::Clock::system();
  /// The profile was named on a command line: keys in the environment do not outweigh it.
  bool profile_is_chosen = false;

  static Environment of_process();
  /// The same with a region and a profile in the place of those of the variables, where they are not empty.
  [[nodiscard]] Environment with(const std::string& region, const std::string& profile) const;
  /// The same where that variable is not set.
  [[nodiscard]] Environment without(const std::string& name) const;
  static Environment of(std::map<std::string, std::string> variables);
};

/// HOME, else the home directory of the process's user.
std::filesystem::path home_directory(const Environment& environment);

/// ~/.aws/credentials and ~/.aws/config (or AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE).
class Files {
 public:
  /// Missing files count as empty. Throws ConfigurationError with file and line where one cannot be parsed.
  explicit Files(const Environment& environment);

  /// The settings of a profile in the credentials file, in the config file, and both (credentials win), or null.
  [[nodiscard]] const ProfileSettings* in_credentials(const std::string& profile) const;
  [[nodiscard]] const ProfileSettings* in_config(const std::string& profile) const;
  [[nodiscard]] std::optional<ProfileSettings> merged(const std::string& profile) const;
  /// The names of all profiles.
  [[nodiscard]] std::set<std::string> profiles() const;

  [[nodiscard]] const std::filesystem::path& credentials_file() const { return credentials_file_; }
  [[nodiscard]] const std::filesystem::path& config_file() const { return config_file_; }

 private:
  std::filesystem::path credentials_file_;
  std::filesystem::path config_file_;
  std::map<std::string, ProfileSettings> credentials_;
  std::map<std::string, ProfileSettings> config_;
};

/// AWS_PROFILE, AWS_DEFAULT_PROFILE or "default".
std::string profile_name(const Environment& environment);

/// The variable's value, else that of the profile's setting; nullopt where neither is set
/// (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html). Throws ConfigurationError where a file
/// cannot be read.
std::optional<std::string> configured(const Environment& environment, const std::string& variable,
                                      const std::string& name);
/// Whether it is "true".
bool is_configured(const Environment& environment, const std::string& variable, const std::string& name);

/// The file of the authorities to trust (AWS_CA_BUNDLE, or the profile's ca_bundle); empty: the system's.
std::string authorities_file(const Environment& environment);

/// Whether the text can be the name of a region.
bool is_region_name(std::string_view text);

/// AWS_REGION, AWS_DEFAULT_REGION, the profile's region; nullopt where none is set. With `ask_instance` the instance's
/// metadata comes last. Throws ConfigurationError for a name that cannot be a region's.
std::optional<std::string> find_region(const Environment& environment, bool ask_instance);
/// The same; throws ConfigurationError, which names all these places, where none is set.
std::string require_region(const Environment& environment);

/// The profile's `endpoint_url` for that service ("dynamodb"): of its `services` section, else its own; nullopt where
/// it has none, or is to be ignored (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS). Throws ConfigurationError where a file
/// cannot be read. (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html)
std::optional<std::string> profile_endpoint_url(const Environment& environment, const std::string& service);

/// Where to look for credentials.
enum class CredentialSources : std::uint8_t {
  /// Environment, role, web identity, single sign-on, profile, credential process, container, instance.
  kAll,
  /// Plain keys in the environment or the profile: no source that runs a program or asks a service.
  kPlainKeys
};

/// The first source that has credentials, in the AWS CLI's order; they have been fetched once. Throws
/// ConfigurationError: none found (naming each place), or a source that is set but does not work.
std::shared_ptr<CredentialsProvider> find_credentials(const Environment& environment,
                                                      CredentialSources sources = CredentialSources::kAll);

/// "https://dynamodb.eu-west-3.amazonaws.com", with the suffix of the region's partition (China, ISO), and the names
/// that AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, or the profile, select.
std::string service_url(const Environment& environment, const std::string& service, const std::string& region);

/// Whether the URL's host is one of AWS's own: "https://dynamodb.eu-west-3.amazonaws.com", and the names of the other
/// partitions and of VPC endpoints. False for a text that is not a URL.
bool is_aws_url(std::string_view url);
/// The region that such a host names; nullopt where it names none.
std::optional<std::string> region_of_aws_url(std::string_view url);

}  // namespace stator::aws
