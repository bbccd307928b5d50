#include "core/clock.h"

#include <chrono>

namespace stator::core {

std::int64_t Clock::now_ms() const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  using std::chrono::system_clock;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

const Clock& Clock::system() {
  static const Clock clock;
  return clock;
}

}  // namespace stator::core
