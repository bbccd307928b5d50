#pragma once

#include <atomic>
#include <cstdint>

#include "core/clock.h"

namespace stator::testing {

/// A clock that stands still until it is moved.
class ManualClock : public core::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
  void advance(std::int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<std::int64_t> now_ms_{1'700'000'000'000};
};

}  // namespace stator::testing
