#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stator::api::generated {

struct Fault {
  std::size_t task = 0;
  std::string reason;
};

/// Runs tasks 0 … count - 1 in a child process. A task that crashes or hangs is reported and does not stop the others:
/// a new child continues after it. `prepare` runs first in each child; a task returns what is wrong. A task that takes
/// more processor time than `limit` is killed. Stops after `kMaxDeaths` deaths. The caller must have no other threads:
/// a child of fork() has only the thread that called it.
std::vector<Fault> run_in_child(std::size_t count, std::chrono::milliseconds limit,
                                const std::function<void()>& prepare,
                                const std::function<std::optional<std::string>(std::size_t)>& task);

inline constexpr int kMaxDeaths = 20;

}  // namespace stator::api::generated
