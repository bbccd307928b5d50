#include "aws/single_sign_on.h"

#include <fstream>
#include <iterator>

#include "aws/digest.h"
#include "aws/metadata.h"
#include "aws/private_file.h"
#include "aws/retry.h"
#include "aws/user_agent.h"
#include "core/api_error.h"
#include "core/hexadecimal.h"
#include "core/timestamp.h"
#include "http/client.h"
#include "http/url.h"
#include "json/members.h"
#include "json/object_writer.h"
#include "json/reader.h"

namespace stator::aws {
namespace {

constexpr std::size_t kMaxReplyBytes = 64 * 1024;
constexpr std::uint32_t kAttempts = 3;
constexpr std::uint32_t kTimeoutMs = 10'000;
/// As in the AWS CLI.
constexpr std::int64_t kRenewBeforeMs = std::int64_t{15} * 60 * 1000;
constexpr const char* kTimeFormat = "%Y-%m-%dT%H:%M:%SZ";

std::string place_of(const SingleSignOn& sign_on) { return "profile \"" + sign_on.profile + "\""; }

[[noreturn]] void ask_to_log_in(const SingleSignOn& sign_on, const std::string& why) {
  throw ConfigurationError(place_of(sign_on) + ": " + why + ": run `aws sso login --profile " + sign_on.profile + "`");
}

/// Parses "2026-01-31T12:00:00Z", also with "UTC" instead of "Z", as older tools wrote it.
std::optional<std::int64_t> parse_end_ms(std::string text) {
  if (text.ends_with("UTC")) text.replace(text.size() - 3, 3, "Z");
  return parse_iso8601_ms(text);
}

/// The members of the token file.
struct Token {
  std::filesystem::path file;
  std::string access_token;
  std::int64_t ends_ms = 0;
  std::string refresh_token;
  std::string client_id;
  std::string client_secret;
  std::int64_t registration_ends_ms = 0;
  std::string others;  // the other members, as JSON without braces

  [[nodiscard]] bool may_renew(std::int64_t now_ms) const {
    return !refresh_token.empty() && !client_id.empty() && !client_secret.empty() && registration_ends_ms > now_ms;
  }
};

Token read_token(const Environment& environment, const SingleSignOn& sign_on) {
  Token token;
  const std::string& name = sign_on.session.empty() ? sign_on.start_url : sign_on.session;
  token.file = home_directory(environment) / ".aws" / "sso" / "cache" / (core::hexadecimal(sha1(name)) + ".json");
  std::ifstream in(token.file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) ask_to_log_in(sign_on, "there is no token for its single sign-on");
  json::Parser parser;
  json::Object object;
  try {
    if (parser.parse(text).get(object) != simdjson::SUCCESS) core::throw_serialization("");
  } catch (const core::ApiError&) {
    ask_to_log_in(sign_on, "the token for its single sign-on cannot be read");
  }
  token.access_token = json::text_member(object, "accessToken");
  const auto ends_ms = parse_end_ms(json::text_member(object, "expiresAt"));
  if (token.access_token.empty() || !ends_ms) {
    ask_to_log_in(sign_on, "the token for its single sign-on cannot be read");
  }
  token.ends_ms = *ends_ms;
  token.refresh_token = json::text_member(object, "refreshToken");
  token.client_id = json::text_member(object, "clientId");
  token.client_secret = json::text_member(object, "clientSecret");
  token.registration_ends_ms = parse_end_ms(json::text_member(object, "registrationExpiresAt")).value_or(0);
  token.others = json::members_without(object, {"accessToken", "expiresAt", "refreshToken"});
  return token;
}

/// Returns the reply, whatever its status is. Throws ConfigurationError if there is none.
http::Reply send(const Environment& environment, http::Request request, const SingleSignOn& sign_on) {
  request.authorities = authorities_file(environment);
  request.timeout_ms = kTimeoutMs;
  request.max_reply_bytes = kMaxReplyBytes;
  request.fields.emplace_back("User-Agent", user_agent());
  http::Client client;
  Backoff backoff;
  for (std::uint32_t attempt = 1;; ++attempt) {
    try {
      http::Reply reply = client.send(request);
      if ((reply.status < 500 && reply.status != 429) || attempt == kAttempts) return reply;
    } catch (const http::TransportError& error) {
      if (attempt == kAttempts || error.kind == http::TransportError::Kind::kFatal) {
        throw ConfigurationError(place_of(sign_on) + ": single sign-on: " + error.what());
      }
    }
    backoff.wait(attempt);
  }
}

std::string url_of(const Environment& environment, const char* variable, const std::string& service,
                   const std::string& region) {
  const auto set = environment.variable(variable);
  std::string url =
      set ? *set : environment.variable("AWS_ENDPOINT_URL").value_or(service_url(environment, service, region));
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// Renews the token and writes it back. False if the service refused that or cannot be reached.
bool renew(const Environment& environment, const SingleSignOn& sign_on, Token& token) {
  std::string body;
  json::ObjectWriter writer(body);
  writer.text("clientId", token.client_id);
  writer.text("clientSecret", token.client_secret);
  writer.text("grantType", "refresh_token");
  writer.text("refreshToken", token.refresh_token);
  writer.end();
  http::Request request;
  request.method = "POST";
  request.url = url_of(environment, "AWS_ENDPOINT_URL_SSO_OIDC", "oidc", sign_on.region) + "/token";
  request.body = body;
  request.fields = {{"Content-Type", "application/json"}};
  json::Parser parser;
  json::Object object;
  json::Value member;
  std::int64_t seconds = 0;
  try {
    const http::Reply reply = send(environment, std::move(request), sign_on);
    if (reply.status != 200 || parser.parse(reply.body).get(object) != simdjson::SUCCESS) return false;
    const std::string access_token = json::text_member(object, "accessToken");
    if (access_token.empty() || !json::find_member(object, "expiresIn", member) ||
        member.get(seconds) != simdjson::SUCCESS) {
      return false;
    }
    token.access_token = access_token;
    token.ends_ms = environment.clock->now_ms() + seconds * 1000;
    const std::string refresh_token = json::text_member(object, "refreshToken");
    if (!refresh_token.empty()) token.refresh_token = refresh_token;
  } catch (const core::ApiError&) {
    return false;  // not JSON
  } catch (const ConfigurationError&) {
    return false;
  }
  std::string text;
  json::ObjectWriter file(text);
  file.text("accessToken", token.access_token);
  file.text("expiresAt", core::format_timestamp({token.ends_ms * 1000, 0}, kTimeFormat));
  file.text("refreshToken", token.refresh_token);
  if (!token.others.empty()) text += ',' + token.others;
  file.end();
  try {
    write_private_file(token.file, text);
  } catch (const std::runtime_error&) {
    // This process can use it all the same.
  }
  return true;
}

/// The message in {"message": …}, else the status.
std::string reason_of(const http::Reply& reply) {
  json::Parser parser;
  json::Object object;
  std::string message;
  try {
    if (parser.parse(reply.body).get(object) == simdjson::SUCCESS) message = json::text_member(object, "message");
  } catch (const core::ApiError&) {
    // Not JSON.
  }
  return message.empty() ? "HTTP status " + std::to_string(reply.status) : message;
}

Credentials read_credentials(const std::string& body, const SingleSignOn& sign_on) {
  json::Parser parser;
  json::Object object;
  json::Value member;
  json::Object role;
  Credentials credentials;
  std::int64_t ends_ms = 0;
  try {
    if (parser.parse(body).get(object) == simdjson::SUCCESS && json::find_member(object, "roleCredentials", member) &&
        member.get(role) == simdjson::SUCCESS) {
      credentials.access_key_id = json::text_member(role, "accessKeyId");
      credentials.secret_access_key = json::text_member(role, "secretAccessKey");
      credentials.session_token = json::text_member(role, "sessionToken");
      if (json::find_member(role, "expiration", member) && member.get(ends_ms) == simdjson::SUCCESS) {
        credentials.expires_ms = ends_ms;
      }
    }
  } catch (const core::ApiError&) {
    // Not JSON.
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    throw ConfigurationError(place_of(sign_on) + ": single sign-on did not give credentials");
  }
  return credentials;
}

/// The AWS CLI's file, whose name is made from its JSON of these members, sorted by name.
std::filesystem::path kept_credentials_file(const Environment& environment, const SingleSignOn& sign_on) {
  std::string key;
  json::ObjectWriter writer(key);
  writer.text("accountId", sign_on.account_id);
  writer.text("roleName", sign_on.role_name);
  if (sign_on.session.empty()) {
    writer.text("startUrl", sign_on.start_url);
  } else {
    writer.text("sessionName", sign_on.session);
  }
  writer.end();
  return home_directory(environment) / ".aws" / "cli" / "cache" / (core::hexadecimal(sha1(key)) + ".json");
}

/// nullopt if there are none that are valid for at least 15 minutes.
std::optional<Credentials> read_kept_credentials(const std::filesystem::path& path, std::int64_t now_ms) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  json::Parser parser;
  json::Object object;
  json::Value member;
  json::Object kept;
  try {
    if (!in || parser.parse(text).get(object) != simdjson::SUCCESS ||
        !json::find_member(object, "Credentials", member) || member.get(kept) != simdjson::SUCCESS) {
      return std::nullopt;
    }
  } catch (const core::ApiError&) {
    return std::nullopt;  // not JSON
  }
  Credentials credentials{json::text_member(kept, "AccessKeyId"), json::text_member(kept, "SecretAccessKey"),
                          json::text_member(kept, "SessionToken"), parse_end_ms(json::text_member(kept, "Expiration"))};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !credentials.expires_ms ||
      *credentials.expires_ms - now_ms < kRenewBeforeMs) {
    return std::nullopt;
  }
  return credentials;
}

void keep_credentials(const std::filesystem::path& path, const SingleSignOn& sign_on, const Credentials& credentials) {
  if (!credentials.expires_ms) return;
  std::string text = R"({"ProviderType":"sso","Credentials":)";
  json::ObjectWriter writer(text);
  writer.text("AccessKeyId", credentials.access_key_id);
  writer.text("SecretAccessKey", credentials.secret_access_key);
  writer.text("SessionToken", credentials.session_token);
  writer.text("Expiration", core::format_timestamp({*credentials.expires_ms * 1000, 0}, kTimeFormat));
  writer.text("AccountId", sign_on.account_id);
  writer.end();
  try {
    std::filesystem::create_directories(path.parent_path());
    write_private_file(path, text + "}");
  } catch (const std::runtime_error&) {
    // This process can use them all the same.
  }
}

}  // namespace

std::optional<SingleSignOn> read_single_sign_on(const Files& files, const std::string& profile,
                                                const ProfileSettings& settings) {
  SingleSignOn sign_on{.profile = profile,
                       .session = setting(settings, "sso_session"),
                       .start_url = setting(settings, "sso_start_url"),
                       .region = setting(settings, "sso_region"),
                       .account_id = setting(settings, "sso_account_id"),
                       .role_name = setting(settings, "sso_role_name")};
  if (sign_on.account_id.empty() && sign_on.role_name.empty()) return std::nullopt;
  if (!sign_on.session.empty()) {
    const ProfileSettings* const session = files.in_config("sso-session " + sign_on.session);
    if (session == nullptr) {
      throw ConfigurationError(place_of(sign_on) + ": there is no section [sso-session " + sign_on.session + "] in " +
                               files.config_file().string());
    }
    sign_on.start_url = setting(*session, "sso_start_url");
    sign_on.region = setting(*session, "sso_region");
  }
  const std::pair<const char*, const std::string*> needed[] = {{"sso_start_url", &sign_on.start_url},
                                                               {"sso_region", &sign_on.region},
                                                               {"sso_account_id", &sign_on.account_id},
                                                               {"sso_role_name", &sign_on.role_name}};
  for (const auto& [name, value] : needed) {
    if (value->empty()) throw ConfigurationError(place_of(sign_on) + ": its single sign-on lacks " + name);
  }
  if (!is_region_name(sign_on.region)) {
    throw ConfigurationError(place_of(sign_on) + ": \"" + sign_on.region +
                             "\" (sso_region) is not the name of an AWS region");
  }
  return sign_on;
}

Credentials fetch_single_sign_on_credentials(const Environment& environment, const SingleSignOn& sign_on,
                                             EarlierCredentials earlier) {
  const std::int64_t now_ms = environment.clock->now_ms();
  const std::filesystem::path kept_file = kept_credentials_file(environment, sign_on);
  if (earlier == EarlierCredentials::kTaken) {
    if (auto kept = read_kept_credentials(kept_file, now_ms)) return *std::move(kept);
  }
  Token token = read_token(environment, sign_on);
  const bool renewed = token.ends_ms - now_ms < kRenewBeforeMs && !sign_on.session.empty() && token.may_renew(now_ms) &&
                       renew(environment, sign_on, token);
  if (!renewed && token.ends_ms <= now_ms) ask_to_log_in(sign_on, "the token for its single sign-on has expired");
  http::Request request;
  request.url = url_of(environment, "AWS_ENDPOINT_URL_SSO", "portal.sso", sign_on.region) +
                "/federation/credentials?role_name=" + http::percent_encode(sign_on.role_name) +
                "&account_id=" + http::percent_encode(sign_on.account_id);
  request.fields = {{"x-amz-sso_bearer_token", token.access_token}};
  const http::Reply reply = send(environment, std::move(request), sign_on);
  if (reply.status == 200) {
    Credentials credentials = read_credentials(reply.body, sign_on);
    keep_credentials(kept_file, sign_on, credentials);
    return credentials;
  }
  const std::string reason = reason_of(reply);
  if (reply.status == 401) ask_to_log_in(sign_on, "the token for its single sign-on is refused (" + reason + ")");
  throw ConfigurationError(place_of(sign_on) + ": single sign-on refused role " + sign_on.role_name + " of account " +
                           sign_on.account_id + ": " + reason);
}

}  // namespace stator::aws
