#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "aws/credentials.h"
#include "aws/retry.h"
#include "core/clock.h"
#include "endpoint/endpoint.h"

namespace stator::remote {

struct RemoteOptions {
  /// "https://dynamodb.eu-west-3.amazonaws.com", "http://localhost:8000".
  std::string url;
  std::string region = "us-east-1";
  std::shared_ptr<aws::CredentialsProvider> credentials;
  /// Where DynamoDB Streams is, which on AWS has a host of its own; empty: the same.
  std::string streams_url;
  /// What `describe` says; empty: the URL.
  std::string description;
  /// Attempts at one operation, the first included; AWS_MAX_ATTEMPTS sets both (open_target).
  std::uint32_t max_attempts = 10;
  /// Attempts where not even a connection came about: the user should hear of a wrong address soon.
  std::uint32_t max_connect_attempts = 3;
  std::uint32_t connect_timeout_ms = 5'000;
  std::uint32_t request_timeout_ms = 60'000;
  /// Write request bodies with the blanks and escapes that the AWS CLI writes (json_style.h).
  bool aws_cli_bodies = false;
  const core::Clock* clock = &core::Clock::system();
  /// For tests: the jitter's seed, and what waits.
  std::optional<std::uint64_t> backoff_seed;
  aws::Backoff::Sleep backoff_sleep;
};

/// Any DynamoDB API over HTTP. Tries again, with backoff and jitter, after connection faults, 5xx, throttling and
/// replies whose x-amz-crc32 does not fit. Like the SDKs it does so for writes too, and therefore gives
/// TransactWriteItems and ExecuteTransaction a ClientRequestToken where the caller gave none.
///
/// Errors are core::ApiError with the service's type, message, HTTP status and further members (CancellationReasons,
/// Item). What the service never answered is ApiError too, with status 503: "ServiceUnavailable", "cannot reach URL:
/// cause"; credentials that can no longer be had: "CredentialsUnavailable". A request's deadline ends attempts and the
/// waits between them.
class Remote : public endpoint::Endpoint {
 public:
  /// Throws std::runtime_error: not a URL. Where there is no libcurl, each call says so.
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
