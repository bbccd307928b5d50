#include "remote/remote.h"

#include <libdeflate.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "aws/clock_skew.h"
#include "aws/config.h"
#include "aws/json_style.h"
#include "aws/sigv4.h"
#include "aws/user_agent.h"
#include "core/once.h"
#include "core/random.h"
#include "http/client.h"
#include "http/url.h"
#include "json/reader.h"
#include "json/text_check.h"
#include "remote/remote_error.h"

namespace stator::remote {

namespace {

/// Larger bodies are not rewritten: escapes could make them exceed the service's 16 MB.
constexpr std::size_t kMaxRestyledBytes = 1024 * 1024;

/// The body with a ClientRequestToken as its first member, so that a second attempt is not a second transaction;
/// nullopt if it has one, or if it is not an object (which the service will report).
std::optional<std::string> with_request_token(std::string_view body) {
  json::Parser parser;
  json::Object object;
  json::Value token;
  try {
    if (parser.parse(body).get(object) != simdjson::SUCCESS) return std::nullopt;
  } catch (const core::ApiError&) {
    return std::nullopt;
  }
  if (json::find_member(object, "ClientRequestToken", token)) return std::nullopt;
  const std::size_t open = body.find('{');
  std::string out(body.substr(0, open + 1));
  out += "\"ClientRequestToken\":\"" + core::random_uuid() + (object.size() == 0 ? "\"" : "\",");
  out += body.substr(open + 1);
  return out;
}

bool crc_fits(const http::Reply& reply) {
  const std::string* const field = reply.field("x-amz-crc32");
  if (field == nullptr) return true;
  unsigned long expected = 0;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), expected);
  if (error != std::errc() || end != field->data() + field->size()) return false;
  const std::uint32_t actual = libdeflate_crc32(0, reply.body.data(), reply.body.size());
  return actual == expected;
}

/// Why a body with status 200 is not the operation's reply but, for instance, a proxy's web page or a truncated reply;
/// empty if it may be.
std::string fault_of_reply(std::string_view operation, std::string_view body) {
  if (body.empty()) {
    // These operations have empty replies (API reference).
    return operation == "TagResource" || operation == "UntagResource" ? "" : "its reply is empty";
  }
  if (json::is_object(body)) return {};
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const bool is_cut = first != std::string_view::npos && body[first] == '{';
  return is_cut ? "its reply is not a complete JSON object" : "its reply is not a JSON object";
}

core::ApiError unavailable(core::ErrorType type, std::string text) {
  core::ApiError error(std::move(type), std::move(text));
  error.status = 503;
  return error;
}

}  // namespace

struct Remote::Impl {
  explicit Impl(RemoteOptions given)
      : options(std::move(given)), service_clock(*options.clock, options.url, options.log) {
    http::parse_url(options.url);
    if (!options.credentials) throw std::runtime_error("no credentials given for " + options.url);
    url = with_path(options.url);
    streams_url = options.streams_url.empty() ? url : with_path(options.streams_url);
  }

  /// The URL, ending in exactly one "/".
  static std::string with_path(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url + '/';
  }

  std::shared_ptr<const aws::Credentials> credentials() const {
    try {
      return options.credentials->get();
    } catch (const aws::ConfigurationError& error) {
      throw unavailable("CredentialsUnavailable", error.what());
    }
  }

  /// The time until the deadline, at most `limit_ms`. Throws ServiceUnavailable if the deadline has passed.
  std::uint32_t time_left_ms(const endpoint::Request& request, std::uint32_t limit_ms) const {
    if (request.deadline == endpoint::Request::Time::max()) return limit_ms;
    const auto left =
        std::chrono::floor<std::chrono::milliseconds>(request.deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      throw unavailable(core::ErrorCode::kServiceUnavailable, "no answer of " + options.url + " in time");
    return static_cast<std::uint32_t>(std::min<std::int64_t>(left.count(), limit_ms));
  }

  /// Created at the first request: loading libcurl takes as long as the rest of a server's start.
  http::Client& client() {
    try {
      client_made.call([this] { made_client = std::make_unique<http::Client>(); });
    } catch (const std::runtime_error& error) {
      throw unavailable(core::ErrorCode::kServiceUnavailable, error.what());
    }
    return *made_client;
  }

  http::Request build(const endpoint::Request& request, std::string_view body, const aws::Credentials& signer,
                      std::int64_t now_ms) const {
    http::Request http;
    http.method = "POST";
    const bool of_streams = request.service == endpoint::Service::kDynamoDbStreams;
    http.url = of_streams ? streams_url : url;
    http.body = body;
    http.use_proxy = options.use_proxy;
    http.authorities = options.authorities;
    http.connect_timeout_ms = time_left_ms(request, options.connect_timeout_ms);
    http.timeout_ms = time_left_ms(request, options.request_timeout_ms);
    http.fields = {{"Accept-Encoding", "identity"},
                   {"X-Amz-Target",
                    (of_streams ? "DynamoDBStreams_20120810." : "DynamoDB_20120810.") + std::string(request.operation)},
                   {"Content-Type", "application/x-amz-json-1.0"},
                   {"User-Agent", aws::user_agent()}};
    if (!request.trace.empty()) http.fields.emplace_back("X-Amzn-Trace-Id", request.trace);
    aws::sign(http, {options.region, "dynamodb"}, signer, now_ms);
    return http;
  }

  /// Notes that an attempt without an answer may have had its effect, whatever later attempts return.
  static void note_uncertain(const endpoint::Request& request) {
    if (request.notes != nullptr) request.notes->uncertain = true;
  }

  /// How a failed attempt may be repeated.
  struct Again {
    std::uint32_t limit = 0;  // the most attempts for this kind of failure, including this one
    bool at_once = false;     // it may succeed when signed with the corrected time
    bool with_new_keys = false;
  };

  /// Makes one attempt. If it fails, `again` says how it may be repeated.
  std::string attempt(const endpoint::Request& request, std::string_view body, Again& again) {
    std::uint32_t& limit = again.limit;
    const std::shared_ptr<const aws::Credentials> signer = credentials();
    const std::int64_t signed_at_ms = service_clock.now_ms();
    http::Reply reply;
    try {
      reply = client().send(build(request, body, *signer, signed_at_ms));
    } catch (const http::TransportError& error) {
      if (error.kind == http::TransportError::Kind::kConnect)
        limit = std::min(options.max_connect_attempts, options.max_attempts);
      if (error.kind == http::TransportError::Kind::kCut) {
        limit = options.max_attempts;
        if (limit > 1 && !logged_silence.exchange(true)) {
          core::log(options.log, core::LogLevel::kWarning, std::string(error.what()) + "; trying again");
        }
      }
      if (error.kind != http::TransportError::Kind::kConnect) note_uncertain(request);
      throw unavailable(core::ErrorCode::kServiceUnavailable, error.what());
    }
    if (!crc_fits(reply)) {
      limit = options.max_attempts;
      note_uncertain(request);
      throw unavailable(core::ErrorCode::kServiceUnavailable,
                        "the reply of " + options.url + " does not fit its x-amz-crc32");
    }
    if (reply.status == 200) {
      if (const std::string fault = fault_of_reply(request.operation, reply.body); !fault.empty()) {
        note_uncertain(request);
        throw unavailable(core::ErrorCode::kServiceUnavailable,
                          "what answers at " + options.url + " is not DynamoDB's API: " + fault);
      }
      logged_silence = false;
      return std::move(reply.body);
    }
    core::ApiError error = parse_remote_error(reply, options.url);
    if (core::http_status(error) >= 500) note_uncertain(request);
    if (aws::is_worth_retrying(error)) limit = options.max_attempts;
    again.with_new_keys = aws::says_expired(error.type) && options.credentials->expire(*signer);
    again.at_once = service_clock.correct(error.type, reply, signed_at_ms);
    throw error;
  }

  RemoteOptions options;
  std::string url;
  std::string streams_url;
  aws::ServiceClock service_clock;
  /// A missing answer has been logged.
  std::atomic<bool> logged_silence = false;
  core::Once client_made;
  std::unique_ptr<http::Client> made_client;
};

Remote::Remote(RemoteOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Remote::~Remote() = default;

void Remote::call(const endpoint::Request& request, std::string& reply) {
  const RemoteOptions& options = impl_->options;
  std::string_view body = request.body;
  std::string styled;
  std::optional<std::string> with_token;
  if (request.operation == "TransactWriteItems" || request.operation == "ExecuteTransaction") {
    with_token = with_request_token(body);
    if (with_token) body = *with_token;
  }
  if (options.aws_cli_bodies && body.size() <= kMaxRestyledBytes && aws::append_python_json(body, styled))
    body = styled;

  std::optional<aws::Backoff> backoff;
  bool renewed = false;
  bool corrected = false;
  for (std::uint32_t attempt = 1;; ++attempt) {
    Impl::Again again;
    try {
      reply += impl_->attempt(request, body, again);
      return;
    } catch (const core::ApiError& error) {
      if (again.at_once && !std::exchange(corrected, true)) continue;
      if (again.with_new_keys && !std::exchange(renewed, true)) continue;
      if (attempt >= again.limit) throw;
      if (!backoff) {
        if (options.backoff_seed) {
          backoff.emplace(*options.backoff_seed, options.backoff_sleep);
        } else {
          backoff.emplace();
        }
      }
      backoff->wait(attempt, request.deadline);
      if (std::chrono::steady_clock::now() >= request.deadline) throw;
    }
  }
}

std::string Remote::describe() const {
  return impl_->options.description.empty() ? impl_->options.url : impl_->options.description;
}

}  // namespace stator::remote
