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

/// The environment variables and the clock; tests use others.
struct Environment {
  /// The variable's value; nullopt if it is unset or empty.
  std::function<std::optional<std::string>(const std::string&)> variable;
  const core::Clock* clock = &core::Clock::system();
  /// The profile was named on a command line, so it takes precedence over keys in the environment.
  bool profile_is_chosen = false;

  static Environment of_process();
  /// A copy in which `region` and `profile`, unless empty, replace those of the variables.
  [[nodiscard]] Environment with(const std::string& region, const std::string& profile) const;
  /// A copy in which that variable is not set.
  [[nodiscard]] Environment without(const std::string& name) const;
  static Environment of(std::map<std::string, std::string> variables);
};

/// HOME, else the home directory of the process's user.
std::filesystem::path home_directory(const Environment& environment);

/// ~/.aws/credentials and ~/.aws/config (or AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE).
class Files {
 public:
  /// Missing files count as empty. Throws ConfigurationError with file and line if one cannot be parsed.
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

/// The variable's value, else that of the profile's setting; nullopt if neither is set
/// (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html). Throws ConfigurationError if a file
/// cannot be read.
std::optional<std::string> configured(const Environment& environment, const std::string& variable,
                                      const std::string& name);
/// Whether that value is "true".
bool is_configured(const Environment& environment, const std::string& variable, const std::string& name);

/// The file with the certificate authorities to trust (AWS_CA_BUNDLE, or the profile's ca_bundle); empty: the system's.
std::string authorities_file(const Environment& environment);

/// Whether the text is a valid name for a region.
bool is_region_name(std::string_view text);

/// AWS_REGION, else AWS_DEFAULT_REGION, else the profile's region, else, with `ask_instance`, that of the instance's
/// metadata; nullopt if none is set. Throws ConfigurationError for a name that no region can have.
std::optional<std::string> find_region(const Environment& environment, bool ask_instance);
/// The same with `ask_instance`; if there is none, throws a ConfigurationError that says where to set one.
std::string require_region(const Environment& environment);

/// The profile's `endpoint_url` for that service ("dynamodb"): that of its `services` section, else its own. nullopt if
/// it has none, or if it is to be ignored (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS). Throws ConfigurationError if a file
/// cannot be read. (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html)
std::optional<std::string> profile_endpoint_url(const Environment& environment, const std::string& service);

/// Where to look for credentials.
enum class CredentialSources : std::uint8_t {
  /// Environment, role, web identity, single sign-on, profile, credential process, container, instance.
  kAll,
  /// Plain keys in the environment or the profile, but no source that runs a program or calls a service.
  kPlainKeys
};

/// The first source that has credentials, in the AWS CLI's order; they have already been fetched once. Throws
/// ConfigurationError if there are none (naming each place), or if a source that is set does not work.
std::shared_ptr<CredentialsProvider> find_credentials(const Environment& environment,
                                                      CredentialSources sources = CredentialSources::kAll);

/// "https://dynamodb.eu-west-3.amazonaws.com", with the suffix of the region's partition (China, ISO), and with the
/// name that AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, or the profile, select.
std::string service_url(const Environment& environment, const std::string& service, const std::string& region);

/// Whether the URL's host belongs to AWS: "https://dynamodb.eu-west-3.amazonaws.com", and the names of the other
/// partitions and of VPC endpoints. False for a text that is not a URL.
bool is_aws_url(std::string_view url);
/// The region in the name of such a host; nullopt if it has none.
std::optional<std::string> region_of_aws_url(std::string_view url);

}  // namespace stator::aws
