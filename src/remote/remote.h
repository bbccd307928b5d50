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
  /// The URL of DynamoDB Streams, which has a host of its own on AWS; empty: `url`.
  std::string streams_url;
  /// The text that `describe` returns; empty: the URL.
  std::string description;
  /// Attempts at one operation, the first included; AWS_MAX_ATTEMPTS sets both (open_target).
  std::uint32_t max_attempts = 10;
  /// Attempts where no connection could be made: few, so that the user soon hears of a wrong address.
  std::uint32_t max_connect_attempts = 3;
  /// Use the proxies of the environment; never for addresses of this machine (http::Request).
  bool use_proxy = true;
  /// The file of the authorities to trust; empty: as http::Request has it.
  std::string authorities = {};
  std::uint32_t connect_timeout_ms = 5'000;
  std::uint32_t request_timeout_ms = 60'000;
  /// Send request bodies with the spaces and escapes that the AWS CLI writes (aws/json_style.h).
  bool aws_cli_bodies = false;
  /// Gets a line when an attempt found no answer in time, and another is made: the first for some minutes, perhaps. No
  /// further ones until there is an answer. And one when the service's clock is another.
  core::LogSink log = {};
  const core::Clock* clock = &core::Clock::system();
  /// For tests: the seed of the jitter, and the function that waits.
  std::optional<std::uint64_t> backoff_seed;
  aws::Backoff::Sleep backoff_sleep;
};

/// Any DynamoDB API over HTTP. Tries again, with backoff and jitter, after connection faults, 5xx, throttling and
/// replies whose x-amz-crc32 does not fit. Like the SDKs it does so for writes too, and therefore gives
/// TransactWriteItems and ExecuteTransaction a ClientRequestToken where the caller gave none. Where the service refuses
/// signatures for their time, it signs by the Date of the service's replies.
///
/// Errors are core::ApiError with the service's type, message, HTTP status and further members (CancellationReasons,
/// Item). Without an answer the error is an ApiError too, with status 503: "ServiceUnavailable", "cannot reach URL:
/// cause"; credentials that can no longer be had: "CredentialsUnavailable". A request's deadline ends attempts and the
/// waits between them.
class Remote : public endpoint::Endpoint {
 public:
  /// Throws std::runtime_error for an invalid URL. Where libcurl is missing, each call throws that.
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
