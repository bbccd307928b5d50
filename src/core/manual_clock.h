#pragma once

#include <atomic>

#include "core/clock.h"

namespace stator::core {

/// A clock that moves only when it is set or advanced; it may also go back. Safe to use from several threads.
class ManualClock : public Clock {
 public:
  /// The first moment of the year 10000: the years of timestamps have four digits.
  static constexpr std::int64_t kEndMs = 253'402'300'800'000;

  explicit ManualClock(std::int64_t now_ms) : now_ms_(now_ms) {}
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_.load(std::memory_order_relaxed); }
  /// Returns false and changes nothing if `now_ms` is before 1970 or not before kEndMs.
  bool set(std::int64_t now_ms) {
    if (now_ms < 0 || now_ms >= kEndMs) return false;
    now_ms_.store(now_ms, std::memory_order_relaxed);
    return true;
  }
  /// Moves the clock by `by_ms`; negative values move it back. Returns false as `set` does.
  bool advance(std::int64_t by_ms) {
    std::int64_t now = now_ms_.load(std::memory_order_relaxed);
    do {
      if (by_ms >= kEndMs || by_ms <= -kEndMs || now + by_ms < 0 || now + by_ms >= kEndMs) return false;
    } while (!now_ms_.compare_exchange_weak(now, now + by_ms, std::memory_order_relaxed));
    return true;
  }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace stator::core
