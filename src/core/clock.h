#pragma once

#include <cstdint>

namespace stator::core {

/// The engine's source of time: the machine's clock, or one that is set by hand (ManualClock).
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since 1970-01-01T00:00:00Z.
  [[nodiscard]] virtual std::int64_t now_ms() const;
  /// The machine's clock.
  static const Clock& system();
};

}  // namespace stator::core
