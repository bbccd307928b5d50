#include "aws/config.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>

#include "aws/metadata.h"
#include "core/ascii.h"
#include "http/url.h"

namespace stator::aws {

namespace {

std::filesystem::path configured_file(const Environment& environment, const char* variable, const char* name) {
  const auto set = environment.variable(variable);
  if (!set) return home_directory(environment) / ".aws" / name;
  if (set->starts_with("~/")) return home_directory(environment) / set->substr(2);
  return *set;
}

const ProfileSettings* find_profile(const std::map<std::string, ProfileSettings>& profiles, const std::string& name) {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

std::string checked_region(std::string region, const std::string& source) {
  if (!is_region_name(region))
    throw ConfigurationError("\"" + region + "\" (" + source + ") is not the name of an AWS region");
  return region;
}

/// Partitions by the prefix of their regions' names (https://docs.aws.amazon.com/general/latest/gr/ddb.html, and
/// botocore's partitions.json and endpoint rules).
struct Partition {
  std::string_view region_prefix;
  std::string_view suffix;
  std::string_view dualstack_suffix;
  /// The plain names are those of the FIPS endpoints; only dual stack and S3 have others.
  bool plain_is_fips = false;
};
constexpr Partition kPartitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-gov-", "amazonaws.com", "api.aws", true},
    {"", "amazonaws.com", "api.aws"},
};

}  // namespace

std::filesystem::path home_directory(const Environment& environment) {
  if (const auto home = environment.variable("HOME")) return *home;
  const passwd* const entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_dir : "/";
}

Environment Environment::of_process() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
  return environment;
}

Environment Environment::with(const std::string& region, const std::string& profile) const {
  Environment environment = *this;
  environment.profile_is_chosen = profile_is_chosen || !profile.empty();
  environment.variable = [region, profile, others = variable](const std::string& name) -> std::optional<std::string> {
    if (!region.empty() && name == "AWS_REGION") return region;
    if (!profile.empty() && name == "AWS_PROFILE") return profile;
    return others(name);
  };
  return environment;
}

Environment Environment::without(const std::string& name) const {
  Environment environment = *this;
  environment.variable = [name, others = variable](const std::string& asked) {
    return asked == name ? std::nullopt : others(asked);
  };
  return environment;
}

Environment Environment::of(std::map<std::string, std::string> variables) {
  Environment environment;
  environment.variable = [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  };
  return environment;
}

Files::Files(const Environment& environment)
    : credentials_file_(configured_file(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials")),
      config_file_(configured_file(environment, "AWS_CONFIG_FILE", "config")),
      credentials_(read_profiles(credentials_file_, ProfileFile::kCredentials)),
      config_(read_profiles(config_file_, ProfileFile::kConfig)) {}

const ProfileSettings* Files::in_credentials(const std::string& profile) const {
  return find_profile(credentials_, profile);
}

const ProfileSettings* Files::in_config(const std::string& profile) const { return find_profile(config_, profile); }

std::optional<ProfileSettings> Files::merged(const std::string& profile) const {
  const ProfileSettings* const credentials = in_credentials(profile);
  const ProfileSettings* const config = in_config(profile);
  if (credentials == nullptr && config == nullptr) return std::nullopt;
  ProfileSettings settings = credentials != nullptr ? *credentials : ProfileSettings{};
  if (config != nullptr) settings.insert(config->begin(), config->end());
  return settings;
}

std::set<std::string> Files::profiles() const {
  std::set<std::string> names;
  for (const auto& [name, settings] : credentials_) names.insert(name);
  for (const auto& [name, settings] : config_) {
    // Other sections have their whole names: "sso-session NAME", "services NAME".
    if (!name.starts_with("sso-session ") && !name.starts_with("services ")) names.insert(name);
  }
  return names;
}

bool is_region_name(std::string_view text) {
  constexpr std::size_t kMostCharacters = 63;
  return !text.empty() && text.size() <= kMostCharacters && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

std::string profile_name(const Environment& environment) {
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (auto name = environment.variable(variable)) return *name;
  }
  return "default";
}

std::optional<std::string> find_region(const Environment& environment, bool ask_instance) {
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (auto region = environment.variable(variable)) return checked_region(*region, variable);
  }
  const std::string profile = profile_name(environment);
  if (const auto settings = Files(environment).merged(profile)) {
    const auto region = settings->find("region");
    if (region != settings->end() && !region->second.empty()) {
      return checked_region(region->second, "profile \"" + profile + "\"");
    }
  }
  if (!ask_instance) return std::nullopt;
  auto region = InstanceMetadata(environment).region();
  if (region) return checked_region(*region, "instance metadata");
  return std::nullopt;
}

std::optional<std::string> configured(const Environment& environment, const std::string& variable,
                                      const std::string& name) {
  if (auto value = environment.variable(variable)) return value;
  const auto settings = Files(environment).merged(profile_name(environment));
  if (!settings) return std::nullopt;
  std::string value = setting(*settings, name);
  return value.empty() ? std::nullopt : std::optional(std::move(value));
}

bool is_configured(const Environment& environment, const std::string& variable, const std::string& name) {
  const auto value = configured(environment, variable, name);
  return value && core::lowered(*value) == "true";
}

std::string authorities_file(const Environment& environment) {
  return configured(environment, "AWS_CA_BUNDLE", "ca_bundle").value_or("");
}

std::optional<std::string> profile_endpoint_url(const Environment& environment, const std::string& service) {
  if (is_configured(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) {
    return std::nullopt;
  }
  const Files files(environment);
  const auto settings = files.merged(profile_name(environment));
  if (!settings) return std::nullopt;
  const auto of = [](const ProfileSettings& owner, const std::string& name) -> std::optional<std::string> {
    const auto found = owner.find(name);
    return found == owner.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
  };
  if (const auto section = of(*settings, "services")) {
    const ProfileSettings* const services = files.in_config("services " + *section);
    if (services != nullptr) {
      if (auto url = of(*services, service + ".endpoint_url")) return url;
    }
  }
  return of(*settings, "endpoint_url");
}

std::string require_region(const Environment& environment) {
  if (auto region = find_region(environment, true)) return *region;
  const Files files(environment);
  throw ConfigurationError("no AWS region: set AWS_REGION (or AWS_DEFAULT_REGION), or \"region\" for profile \"" +
                           profile_name(environment) + "\" in " + files.config_file().string());
}

std::string service_url(const Environment& environment, const std::string& service, const std::string& region) {
  const auto* const partition = std::find_if(std::begin(kPartitions), std::end(kPartitions), [&](const Partition& p) {
    return std::string_view(region).starts_with(p.region_prefix);
  });
  const bool dualstack = is_configured(environment, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  const bool fips = is_configured(environment, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  const auto url = [&](const std::string& name, std::string_view suffix) {
    return "https://" + name + "." + region + "." + std::string(suffix);
  };
  if (service == "s3") {
    return url(std::string(fips ? "s3-fips" : "s3") + (dualstack ? ".dualstack" : ""), partition->suffix);
  }
  if (!dualstack) return url(service + (fips && !partition->plain_is_fips ? "-fips" : ""), partition->suffix);
  const std::string name = service == "streams.dynamodb" ? "streams-dynamodb" : service;
  return url(name + (fips ? "-fips" : ""), partition->dualstack_suffix);
}

namespace {

/// The labels of an AWS host before AWS's suffix ("dynamodb.eu-west-3"); nullopt for other hosts.
std::optional<std::string> aws_labels(std::string_view url) {
  std::string host;
  try {
    host = http::parse_url(url).host;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
  if (host.ends_with('.')) host.pop_back();
  for (const Partition& partition : kPartitions) {
    for (const std::string_view suffix : {partition.suffix, partition.dualstack_suffix}) {
      if (host == suffix) return std::string();
      if (host.size() > suffix.size() && host.ends_with(suffix) && host[host.size() - suffix.size() - 1] == '.')
        return host.substr(0, host.size() - suffix.size() - 1);
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_aws_url(std::string_view url) { return aws_labels(url).has_value(); }

std::optional<std::string> region_of_aws_url(std::string_view url) {
  const auto labels = aws_labels(url);
  if (!labels) return std::nullopt;
  // "dynamodb.REGION", "ACCOUNT.ddb.REGION", "vpce-….dynamodb.REGION.vpce": the region is the label with two dashes and
  // a digit at its end.
  std::istringstream parts(*labels);
  for (std::string label; std::getline(parts, label, '.');) {
    if (!label.starts_with("vpce") && std::count(label.begin(), label.end(), '-') >= 2 && label.back() >= '0' &&
        label.back() <= '9')
      return label;
  }
  return std::nullopt;
}

}  // namespace stator::aws
