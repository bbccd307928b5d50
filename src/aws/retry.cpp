#include "aws/retry.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/random.h"

namespace stator::aws {

namespace {

constexpr std::string_view kTransientErrors[] = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
};

constexpr std::string_view kExpiredErrors[] = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"};

template <typename Table>
bool contains(const Table& table, std::string_view name) {
  return std::find(std::begin(table), std::end(table), name) != std::end(table);
}

}  // namespace

bool is_worth_retrying(int status, std::string_view error_type) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504 ||
         contains(kTransientErrors, error_type);
}

bool is_worth_retrying(const core::ApiError& error) { return is_worth_retrying(error.status, error.type); }

bool says_expired(std::string_view error_type) { return contains(kExpiredErrors, error_type); }

Backoff::Backoff()
    : Backoff(core::random_word(),
              [](std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }) {}

Backoff::Backoff(std::uint64_t seed, Sleep sleep) : random_(seed), sleep_(std::move(sleep)) {}

void Backoff::wait(std::uint32_t attempt, std::chrono::steady_clock::time_point deadline) {
  using std::chrono::steady_clock;
  const std::uint64_t ceiling = std::min(kBackoffCapMs, kBackoffBaseMs << std::min(attempt - 1, 20U));
  std::uint64_t ms = std::uniform_int_distribution<std::uint64_t>(0, ceiling)(random_);
  if (deadline != steady_clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    ms = std::min(ms, left > 0 ? static_cast<std::uint64_t>(left) : 0);
  }
  sleep_(ms);
}

}  // namespace stator::aws
