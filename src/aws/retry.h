#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string_view>

#include "core/api_error.h"

/// When and how requests are tried again: the rules of the AWS SDKs' standard mode
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
namespace stator::aws {

/// Whether the service says that the same request may succeed later: throttling, and statuses 500, 502, 503 and 504.
bool is_worth_retrying(int status, std::string_view error_type);
bool is_worth_retrying(const core::ApiError& error);

/// Whether the error says that the credentials have expired.
bool says_expired(std::string_view error_type);

/// Exponential backoff with full jitter: before attempt n+1 a time between 0 and min(`cap`, `base` · 2^(n-1)).
class Backoff {
 public:
  using Sleep = std::function<void(std::uint64_t ms)>;
  /// Seeded at random, and really sleeps.
  Backoff();
  Backoff(std::uint64_t seed, Sleep sleep);

  /// Waits after the failure of attempt `attempt` (1, 2, …), at most until `deadline`.
  void wait(std::uint32_t attempt,
            std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

 private:
  std::mt19937_64 random_;
  Sleep sleep_;
};

constexpr std::uint64_t kBackoffBaseMs = 50;
constexpr std::uint64_t kBackoffCapMs = 20'000;

}  // namespace stator::aws
