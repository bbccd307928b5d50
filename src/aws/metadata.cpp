#include "aws/metadata.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>

#include "core/api_error.h"
#include "core/ascii.h"
#include "http/client.h"
#include "http/url.h"
#include "json/members.h"
#include "json/reader.h"

namespace stator::aws {

namespace {

constexpr std::size_t kMaxReplyBytes = 64 * 1024;
constexpr std::uint32_t kContainerTimeoutMs = 2'000;
constexpr int kContainerAttempts = 3;
constexpr const char* kContainerUrl = "http://169.254.170.2";

/// Hosts other than this machine from which credentials may be fetched without encryption: the services of ECS and EKS.
constexpr std::string_view kPlainHosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

int positive(const std::optional<std::string>& text, int otherwise) {
  int value = 0;
  if (!text) return otherwise;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() && end == text->data() + text->size() && value > 0 ? std::min(value, 60) : otherwise;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

}  // namespace

std::optional<std::int64_t> parse_iso8601_ms(const std::string& text) {
  std::tm parts{};
  int length = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &length) != 6) {
    return std::nullopt;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  std::string_view rest(text);
  rest.remove_prefix(static_cast<std::size_t>(length));
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') rest.remove_prefix(1);
  }
  std::int64_t offset_s = 0;
  if (rest != "Z" && !rest.empty()) {
    char sign = 0;
    int hours = 0;
    int minutes = 0;
    if (std::sscanf(std::string(rest).c_str(), "%c%2d:%2d", &sign, &hours, &minutes) != 3 ||
        (sign != '+' && sign != '-')) {
      return std::nullopt;
    }
    offset_s = (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
  }
  return (static_cast<std::int64_t>(::timegm(&parts)) - offset_s) * 1000;
}

Credentials parse_credentials_json(const std::string& text, const std::string& source) {
  json::Parser parser;
  json::Object object;
  try {
    if (parser.parse(text).get(object) != simdjson::SUCCESS)
      throw ConfigurationError(source + " did not give a JSON object");
  } catch (const core::ApiError&) {
    throw ConfigurationError(source + " did not give JSON");
  }
  Credentials credentials;
  credentials.access_key_id = json::text_member(object, "AccessKeyId");
  credentials.secret_access_key = json::text_member(object, "SecretAccessKey");
  credentials.session_token = json::text_member(object, "SessionToken");
  if (credentials.session_token.empty()) credentials.session_token = json::text_member(object, "Token");
  if (credentials.access_key_id.empty()) throw ConfigurationError(source + " did not give an AccessKeyId");
  if (credentials.secret_access_key.empty()) throw ConfigurationError(source + " did not give a SecretAccessKey");
  const std::string expiration = json::text_member(object, "Expiration");
  if (!expiration.empty()) {
    credentials.expires_ms = parse_iso8601_ms(expiration);
    if (!credentials.expires_ms) throw ConfigurationError(source + " gave an Expiration that is not a time");
  }
  return credentials;
}

InstanceMetadata::InstanceMetadata(const Environment& environment)
    : needs_token_(is_configured(environment, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")) {
  const auto mode =
      configured(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
  const bool is_ipv6 = mode && core::lowered(*mode) == "ipv6";
  url_ = configured(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
             .value_or(is_ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
  const int seconds = positive(configured(environment, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout"), 1);
  timeout_ms_ = static_cast<std::uint32_t>(seconds) * 1000;
  attempts_ =
      positive(configured(environment, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts"), 1);
  const auto disabled = environment.variable("AWS_EC2_METADATA_DISABLED");
  disabled_ = disabled && core::lowered(*disabled) == "true";
  while (url_.ends_with('/')) url_.pop_back();
}

std::optional<std::string> InstanceMetadata::fetch(const std::string& path, std::string& why) {
  if (disabled_) {
    why = "switched off by AWS_EC2_METADATA_DISABLED";
    return std::nullopt;
  }
  http::Client client;
  const auto send = [&](http::Request request) -> http::Reply {
    request.connect_timeout_ms = timeout_ms_;
    request.timeout_ms = timeout_ms_;
    request.use_proxy = false;
    request.max_reply_bytes = kMaxReplyBytes;
    for (int attempt = 1;; ++attempt) {
      try {
        http::Reply reply = client.send(request);
        if (reply.status < 500 || attempt >= attempts_) return reply;
      } catch (const http::TransportError&) {
        if (attempt >= attempts_) throw;
      }
    }
  };
  try {
    if (!token_) {
      http::Request request;
      request.method = "PUT";
      request.url = url_ + "/latest/api/token";
      request.fields = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
      try {
        const http::Reply reply = send(request);
        // Any other status means a service of version 1, which has no tokens.
        token_ = reply.status == 200 ? std::string(first_line(reply.body)) : std::string();
      } catch (const http::TransportError& error) {
        // This is a container on the instance, which the reply with the token does not reach (its hop limit is 1).
        if (error.kind != http::TransportError::Kind::kCut) throw;
        token_ = std::string();
      }
    }
    if (token_->empty() && needs_token_) {
      why = "no token, and version 1 is switched off by AWS_EC2_METADATA_V1_DISABLED or the profile";
      return std::nullopt;
    }
    http::Request request;
    request.url = url_ + path;
    if (!token_->empty()) request.fields = {{"x-aws-ec2-metadata-token", *token_}};
    http::Reply reply = send(request);
    if (reply.status == 200) return std::move(reply.body);
    why = reply.status == 404 ? "the instance has no role" : "HTTP status " + std::to_string(reply.status);
  } catch (const std::runtime_error&) {
    why = "no answer from " + url_;
  }
  return std::nullopt;
}

std::optional<Credentials> InstanceMetadata::credentials(std::string& why) {
  const std::string path = "/latest/meta-data/iam/security-credentials/";
  const auto role = fetch(path, why);
  if (!role) return std::nullopt;
  const std::string_view name = first_line(*role);
  if (name.empty()) {
    why = "the instance has no role";
    return std::nullopt;
  }
  const auto document = fetch(path + http::percent_encode(name), why);
  if (!document) return std::nullopt;
  return parse_credentials_json(*document, "instance metadata");
}

std::optional<std::string> InstanceMetadata::region() {
  std::string why;
  const auto region = fetch("/latest/meta-data/placement/region", why);
  if (!region || first_line(*region).empty()) return std::nullopt;
  return std::string(first_line(*region));
}

Credentials fetch_container_credentials(const Environment& environment) {
  http::Request request;
  request.connect_timeout_ms = kContainerTimeoutMs;
  request.timeout_ms = kContainerTimeoutMs;
  request.use_proxy = false;
  request.max_reply_bytes = kMaxReplyBytes;
  request.authorities = authorities_file(environment);
  if (const auto relative = environment.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    request.url = kContainerUrl + *relative;
  } else {
    request.url = environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").value_or("");
    const http::Url url = http::parse_url(request.url);
    if (url.scheme != "https" && !url.is_on_loopback() &&
        std::find(std::begin(kPlainHosts), std::end(kPlainHosts), url.host) == std::end(kPlainHosts)) {
      throw ConfigurationError("AWS_CONTAINER_CREDENTIALS_FULL_URI must use https, or name this machine");
    }
  }
  request.fields = {{"Accept", "application/json"}};
  if (const auto file = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    std::ifstream in(*file);
    std::string token{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw ConfigurationError("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: cannot read " + *file);
    request.fields.emplace_back("Authorization", first_line(token));
  } else if (const auto token = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
    request.fields.emplace_back("Authorization", *token);
  }
  http::Client client;
  for (int attempt = 1;; ++attempt) {
    try {
      const http::Reply reply = client.send(request);
      if (reply.status == 200) return parse_credentials_json(reply.body, "container metadata");
      if (reply.status < 500 || attempt == kContainerAttempts) {
        throw ConfigurationError("container metadata (" + request.url + ") answered with HTTP status " +
                                 std::to_string(reply.status));
      }
    } catch (const http::TransportError& error) {
      if (attempt == kContainerAttempts) throw ConfigurationError(std::string("container metadata: ") + error.what());
    }
  }
}

}  // namespace stator::aws
