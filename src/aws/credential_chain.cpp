#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "aws/config.h"
#include "aws/credential_process.h"
#include "aws/metadata.h"
#include "aws/query_api.h"
#include "aws/retry.h"
#include "aws/single_sign_on.h"
#include "aws/xml.h"
#include "core/api_error.h"

/// The sources of credentials, in their order.
namespace stator::aws {

namespace {

using Provider = std::shared_ptr<CredentialsProvider>;

Provider refreshing(const Environment& environment, RefreshingCredentials::Fetch fetch) {
  auto provider = std::make_shared<RefreshingCredentials>(std::move(fetch), *environment.clock);
  provider->get();
  return provider;
}

Provider from_environment(const Environment& environment) {
  const auto key = environment.variable("AWS_ACCESS_KEY_ID");
  const auto secret = environment.variable("AWS_SECRET_ACCESS_KEY");
  if (!key && !secret) return nullptr;
  if (!secret) throw ConfigurationError("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
  if (!key) throw ConfigurationError("AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
  return std::make_shared<FixedCredentials>(
      Credentials{*key, *secret, environment.variable("AWS_SESSION_TOKEN").value_or(""), std::nullopt});
}

std::optional<Credentials> read_plain_keys(const ProfileSettings* settings, const std::string& place) {
  if (settings == nullptr) return std::nullopt;
  const std::string key = setting(*settings, "aws_access_key_id");
  const std::string secret = setting(*settings, "aws_secret_access_key");
  if (key.empty() && secret.empty()) return std::nullopt;
  if (secret.empty()) throw ConfigurationError(place + ": aws_secret_access_key is missing");
  if (key.empty()) throw ConfigurationError(place + ": aws_access_key_id is missing");
  return Credentials{key, secret, setting(*settings, "aws_session_token"), std::nullopt};
}

/// The profile's keys in one of the files. Keys with a token expire, and a tool may have written new ones by then, so
/// the file is read again.
Provider from_plain_keys(const Environment& environment, const Files& files, const std::string& profile,
                         ProfileFile file, const std::string& place) {
  const auto read = [profile, file, place](const Files& from) {
    const bool of_config = file == ProfileFile::kConfig;
    return read_plain_keys(of_config ? from.in_config(profile) : from.in_credentials(profile), place);
  };
  auto keys = read(files);
  if (!keys) return nullptr;
  if (keys->session_token.empty()) return std::make_shared<FixedCredentials>(*std::move(keys));
  return refreshing(environment, [environment, read, place] {
    if (auto now = read(Files(environment))) return *std::move(now);
    throw ConfigurationError(place + ": the access key is gone");
  });
}

// --- roles ----------------------------------------------------------------------------------------------------------

struct Role {
  std::string arn;
  std::string session_name;
  std::string external_id;
  std::string duration_seconds;
  std::string region;
};

Credentials read_sts_reply(const std::string& xml, const std::string& source) {
  Credentials credentials;
  credentials.access_key_id = xml_text(xml, "AccessKeyId").value_or("");
  credentials.secret_access_key = xml_text(xml, "SecretAccessKey").value_or("");
  credentials.session_token = xml_text(xml, "SessionToken").value_or("");
  credentials.expires_ms = parse_iso8601_ms(xml_text(xml, "Expiration").value_or(""));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !credentials.expires_ms) {
    throw ConfigurationError(source + ": STS did not give credentials");
  }
  return credentials;
}

/// The keys with which the request was signed have expired.
struct SourceExpired : ConfigurationError {
  using ConfigurationError::ConfigurationError;
};

Credentials call_sts(const Environment& environment, const Role& role, QueryParameters parameters,
                     const Credentials* signer, const std::string& source) {
  QueryRequest request;
  request.scope = {role.region.empty() ? "us-east-1" : role.region, "sts"};
  request.authorities = authorities_file(environment);
  request.url = environment.variable("AWS_ENDPOINT_URL_STS")
                    .value_or(environment.variable("AWS_ENDPOINT_URL")
                                  .value_or(role.region.empty() ? "https://sts.amazonaws.com"
                                                                : service_url(environment, "sts", role.region)));
  parameters.emplace_back("RoleArn", role.arn);
  parameters.emplace_back("RoleSessionName", role.session_name.empty() ? "stator" : role.session_name);
  if (!role.duration_seconds.empty()) parameters.emplace_back("DurationSeconds", role.duration_seconds);
  if (!role.external_id.empty()) parameters.emplace_back("ExternalId", role.external_id);
  request.parameters = std::move(parameters);
  try {
    return read_sts_reply(call_query_api(request, signer, *environment.clock), source);
  } catch (const core::ApiError& error) {
    const std::string text =
        source + ": STS refused " + role.arn + ": " + std::string(error.type.name()) + ": " + error.message;
    if (says_expired(error.type)) throw SourceExpired(text);
    throw ConfigurationError(text);
  } catch (const http::TransportError& error) {
    throw ConfigurationError(source + ": " + error.what());
  }
}

Provider from_web_identity(const Environment& environment, const Role& role, const std::string& token_file,
                           const std::string& source) {
  return refreshing(environment, [environment, role, token_file, source] {
    std::ifstream in(token_file);
    std::string token{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw ConfigurationError(source + ": cannot read the web identity token in " + token_file);
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    return call_sts(environment, role,
                    {{"Action", "AssumeRoleWithWebIdentity"}, {"Version", "2011-06-15"}, {"WebIdentityToken", token}},
                    nullptr, source);
  });
}

Provider from_profile(const Environment& environment, const Files& files, const std::string& name,
                      std::set<std::string> visited);

Provider source_of_role(const Environment& environment, const Files& files, const std::string& profile,
                        const ProfileSettings& settings, std::set<std::string> visited) {
  const std::string place = "profile \"" + profile + "\"";
  const std::string source_profile = setting(settings, "source_profile");
  const std::string credential_source = setting(settings, "credential_source");
  if (!source_profile.empty()) {
    const bool is_itself = source_profile == profile;
    if (!files.merged(source_profile)) {
      throw ConfigurationError(place + ": its source_profile \"" + source_profile + "\" is in neither file");
    }
    if (!is_itself && visited.count(source_profile) != 0) {
      throw ConfigurationError(place + ": its source_profile \"" + source_profile + "\" leads back to itself");
    }
    Provider source;
    if (is_itself) {  // a role that is assumed with the profile's own keys
      source = from_plain_keys(environment, files, profile, ProfileFile::kCredentials, place);
      if (!source) source = from_plain_keys(environment, files, profile, ProfileFile::kConfig, place);
    } else {
      source = from_profile(environment, files, source_profile, std::move(visited));
    }
    if (!source) throw ConfigurationError(place + ": its source_profile \"" + source_profile + "\" has no credentials");
    return source;
  }
  if (credential_source == "Environment") {
    if (auto source = from_environment(environment)) return source;
    throw ConfigurationError(place + ": credential_source is Environment, but AWS_ACCESS_KEY_ID is not set");
  }
  if (credential_source == "EcsContainer") {
    return refreshing(environment, [environment] { return fetch_container_credentials(environment); });
  }
  if (credential_source == "Ec2InstanceMetadata") {
    return refreshing(environment, [environment] {
      std::string why;
      if (auto found = InstanceMetadata(environment).credentials(why)) return *found;
      throw ConfigurationError("instance metadata: " + why);
    });
  }
  throw ConfigurationError(place +
                           ": role_arn needs a source_profile, a credential_source (Environment, EcsContainer or "
                           "Ec2InstanceMetadata) or a web_identity_token_file");
}

Provider from_role(const Environment& environment, const Files& files, const std::string& profile,
                   const ProfileSettings& settings, std::set<std::string> visited) {
  const std::string place = "profile \"" + profile + "\"";
  const Role role{setting(settings, "role_arn"), setting(settings, "role_session_name"),
                  setting(settings, "external_id"), setting(settings, "duration_seconds"),
                  environment.variable("AWS_REGION")
                      .value_or(environment.variable("AWS_DEFAULT_REGION").value_or(setting(settings, "region")))};
  const std::string token_file = setting(settings, "web_identity_token_file");
  if (!token_file.empty()) return from_web_identity(environment, role, token_file, place);
  if (!setting(settings, "mfa_serial").empty()) {
    throw ConfigurationError(place +
                             " asks for an MFA code, which is not supported: get keys with `aws sts assume-role` and "
                             "put them into the environment, or set credential_process");
  }
  const Provider source = source_of_role(environment, files, profile, settings, std::move(visited));
  return refreshing(environment, [environment, role, source, place] {
    const QueryParameters action = {{"Action", "AssumeRole"}, {"Version", "2011-06-15"}};
    const std::shared_ptr<const Credentials> signer = source->get();
    try {
      return call_sts(environment, role, action, signer.get(), place);
    } catch (const SourceExpired&) {
      if (!source->expire(*signer)) throw;
      return call_sts(environment, role, action, source->get().get(), place);
    }
  });
}

/// Whether the profile assumes a role with other credentials.
bool assumes_role(const std::optional<ProfileSettings>& settings) {
  return settings && !setting(*settings, "role_arn").empty() && setting(*settings, "web_identity_token_file").empty();
}

/// The profile's sources in order: role, single sign-on, keys, process, keys in the config file. If it is the source
/// profile of another one's role, its keys come before its own role.
Provider from_profile(const Environment& environment, const Files& files, const std::string& name,
                      std::set<std::string> visited) {
  const auto settings = files.merged(name);
  if (!settings) return nullptr;
  const bool is_source = !visited.empty();
  const bool has_keys =
      !setting(*settings, "aws_access_key_id").empty() || !setting(*settings, "aws_secret_access_key").empty();
  const bool first_look = visited.insert(name).second;
  const bool keys_first = is_source && has_keys && assumes_role(settings);
  if (first_look && !keys_first && !setting(*settings, "role_arn").empty()) {
    return from_role(environment, files, name, *settings, std::move(visited));
  }
  const std::string place = "profile \"" + name + "\"";
  if (const auto sign_on = read_single_sign_on(files, name, *settings)) {
    // Cached credentials are used only the first time: later ones are fetched because these expire, or were refused as
    // expired.
    return refreshing(environment, [environment, sign_on, earlier = EarlierCredentials::kTaken]() mutable {
      return fetch_single_sign_on_credentials(environment, *sign_on,
                                              std::exchange(earlier, EarlierCredentials::kPassedOver));
    });
  }
  if (auto keys = from_plain_keys(environment, files, name, ProfileFile::kCredentials,
                                  place + " in " + files.credentials_file().string())) {
    return keys;
  }
  const std::string process = setting(*settings, "credential_process");
  if (!process.empty()) {
    return refreshing(environment,
                      [process, place] { return run_credential_process(process, place + ": credential_process"); });
  }
  if (auto keys = from_plain_keys(environment, files, name, ProfileFile::kConfig,
                                  place + " in " + files.config_file().string())) {
    return keys;
  }
  if (!setting(*settings, "sso_start_url").empty() || !setting(*settings, "sso_session").empty()) {
    throw ConfigurationError(place + ": its single sign-on lacks sso_account_id and sso_role_name");
  }
  if (!setting(*settings, "login_session").empty()) {
    throw ConfigurationError(place +
                             " was made by `aws login`, which is not supported directly: run `eval \"$(aws "
                             "configure export-credentials --profile " +
                             name +
                             " --format env)\"`, or give a profile the line `credential_process = aws configure "
                             "export-credentials --profile " +
                             name + "`");
  }
  return nullptr;
}

std::string file_state(const std::filesystem::path& file) {
  std::error_code error;
  return file.string() + (std::filesystem::exists(file, error) ? "" : " (no such file)");
}

}  // namespace

Provider find_credentials(const Environment& environment, CredentialSources sources) {
  if (!environment.profile_is_chosen) {
    if (auto provider = from_environment(environment)) return provider;
  }
  const Files files(environment);
  const std::string profile = profile_name(environment);
  const bool profile_is_named = environment.variable("AWS_PROFILE") || environment.variable("AWS_DEFAULT_PROFILE");
  if (profile_is_named && !files.merged(profile)) {
    throw ConfigurationError("there is no profile \"" + profile + "\" in " + files.credentials_file().string() +
                             " or " + files.config_file().string());
  }
  if (sources == CredentialSources::kPlainKeys) {
    for (const auto& [file, path] : {std::pair(ProfileFile::kCredentials, files.credentials_file()),
                                     std::pair(ProfileFile::kConfig, files.config_file())}) {
      if (auto provider = from_plain_keys(environment, files, profile, file, path.string())) return provider;
    }
    throw ConfigurationError("no plain AWS keys in " +
                             std::string(environment.profile_is_chosen ? "" : "the environment or in ") + "profile \"" +
                             profile + "\"");
  }

  const auto token_file = environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role_arn = environment.variable("AWS_ROLE_ARN");
  if (token_file && role_arn && !environment.profile_is_chosen && !assumes_role(files.merged(profile))) {
    const Role role{*role_arn, environment.variable("AWS_ROLE_SESSION_NAME").value_or(""), "", "",
                    find_region(environment, false).value_or("")};
    return from_web_identity(environment, role, *token_file, "AWS_WEB_IDENTITY_TOKEN_FILE");
  }
  if (auto provider = from_profile(environment, files, profile, {})) return provider;

  if (environment.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
      environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    return refreshing(environment, [environment] { return fetch_container_credentials(environment); });
  }
  std::string why;
  if (const auto found = InstanceMetadata(environment).credentials(why)) {
    return refreshing(environment, [environment] {
      std::string reason;
      if (auto fresh = InstanceMetadata(environment).credentials(reason)) return *fresh;
      throw ConfigurationError("instance metadata: " + reason);
    });
  }
  const std::string variables = environment.profile_is_chosen ? "not looked at, as a profile is named" : "not set";
  throw ConfigurationError(
      "no AWS credentials found. Looked at: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (" + variables +
      "); AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (" + variables + "); profile \"" + profile + "\" in " +
      file_state(files.credentials_file()) + " and " + file_state(files.config_file()) +
      "; container metadata (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI: not set); "
      "instance metadata (" +
      why + ")");
}

}  // namespace stator::aws
