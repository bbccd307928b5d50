#pragma once

#include <chrono>

namespace stator::engine {

/// The time that one step of a job may work.
class WorkTime {
 public:
  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() >= until_; }

 private:
  static constexpr std::chrono::milliseconds kStep{4};
  std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::now() + kStep;
};

}  // namespace stator::engine
