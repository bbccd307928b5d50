#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string_view>

#include "core/api_error.h"

/// When and how requests are repeated: the rules of the AWS SDKs' standard mode
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
namespace stator::aws {

/// Whether the error means that the same request may succeed later: throttling, and statuses 500, 502, 503 and 504.
bool is_worth_retrying(int status, std::string_view error_type);
bool is_worth_retrying(const core::ApiError& error);

/// Whether the error says that the credentials have expired.
bool says_expired(std::string_view error_type);

/// Exponential backoff with full jitter: the pause before attempt n+1 is between 0 and min(kBackoffCapMs,
/// kBackoffBaseMs · 2^(n-1)).
class Backoff {
 public:
  using Sleep = std::function<void(std::uint64_t ms)>;
  /// With a random seed and real sleep.
  Backoff();
  Backoff(std::uint64_t seed, Sleep sleep);

  /// Waits after attempt `attempt` (1, 2, …) has failed, at most until `deadline`.
  void wait(std::uint32_t attempt,
            std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

 private:
  std::mt19937_64 random_;
  Sleep sleep_;
};

constexpr std::uint64_t kBackoffBaseMs = 50;
constexpr std::uint64_t kBackoffCapMs = 20'000;

}  // namespace stator::aws
