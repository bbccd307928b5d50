#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "aws/credentials.h"
#include "aws/retry.h"
#include "core/clock.h"
#include "core/log_sink.h"
#include "endpoint/endpoint.h"

namespace stator::remote {

struct RemoteOptions {
  /// "https://dynamodb.eu-west-3.amazonaws.com", "http://localhost:8000".
  std::string url;
  std::string region = "us-east-1";
  std::shared_ptr<aws::CredentialsProvider> credentials;
  /// The URL of DynamoDB Streams, which has another host on AWS; empty: `url`.
  std::string streams_url;
  /// The text that `describe` returns; empty: the URL.
  std::string description;
  /// The most attempts at an operation, including the first; AWS_MAX_ATTEMPTS sets this and the next (open_target).
  std::uint32_t max_attempts = 10;
  /// The most attempts if no connection can be made: few, so that a wrong address is reported soon.
  std::uint32_t max_connect_attempts = 3;
  /// Use the proxies in the environment; never for addresses of this machine (http::Request).
  bool use_proxy = true;
  /// The file with the certificate authorities to trust; empty: as for http::Request.
  std::string authorities = {};
  std::uint32_t connect_timeout_ms = 5'000;
  std::uint32_t request_timeout_ms = 60'000;
  /// Send request bodies with the spaces and escapes that the AWS CLI writes (aws/json_style.h).
  bool aws_cli_bodies = false;
  /// Gets a line when the first attempt in a row has had no answer in time and another one follows, which may take
  /// minutes, and a line when the service's clock differs.
  core::LogSink log = {};
  const core::Clock* clock = &core::Clock::system();
  /// For tests: the seed of the jitter and the function that waits.
  std::optional<std::uint64_t> backoff_seed;
  aws::Backoff::Sleep backoff_sleep;
};

/// Any DynamoDB API over HTTP. Tries again, with backoff and jitter, after connection faults, 5xx, throttling and
/// replies whose x-amz-crc32 does not match. Like the SDKs it also does so for writes, and therefore gives
/// TransactWriteItems and ExecuteTransaction a ClientRequestToken if the caller gave none. If the service refuses
/// signatures for their time, it signs by the Date of the service's replies.
///
/// Errors are core::ApiError with the service's type, message, HTTP status and further members (CancellationReasons,
/// Item). Without an answer the error is also an ApiError, with status 503: "ServiceUnavailable", "cannot reach URL:
/// cause". If credentials cannot be renewed it is "CredentialsUnavailable". A request's deadline ends attempts and the
/// waits between them.
class Remote : public endpoint::Endpoint {
 public:
  /// Throws std::runtime_error for an invalid URL. If libcurl is missing, each call throws ServiceUnavailable.
  explicit Remote(RemoteOptions options);
  ~Remote() override;
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  using endpoint::Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::remote
