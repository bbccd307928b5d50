#pragma once

#include <cstdint>

#include "core/clock.h"

namespace stator::toolkit {

/// The machine's clock, moved forward.
class MovedClock : public core::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return core::Clock::now_ms() + ahead_ms; }
  std::int64_t ahead_ms = 0;
};

}  // namespace stator::toolkit
