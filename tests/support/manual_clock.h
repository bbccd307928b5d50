#pragma once

#include "core/manual_clock.h"

namespace stator::testing {

/// A manual clock that begins at a fixed time in 2023.
class ManualClock : public core::ManualClock {
 public:
  ManualClock() : core::ManualClock(1'700'000'000'000) {}
};

}  // namespace stator::testing
