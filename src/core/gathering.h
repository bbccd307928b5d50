#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace stator::core {

/// Decides how long a group that shares a costly step (such as a wait for the disk) waits for more callers before it
/// begins.
///
/// Callers that wait for each reply before they send the next request would otherwise split into two halves that
/// alternate, so that each waits for two steps. So a group waits a part of the step's time for the last group's callers
/// to come back; if they do not come, it soon stops waiting.
///
/// Not safe to use from several threads: all calls are made under the owner's mutex.
class Gathering {
 public:
  using Clock = std::chrono::steady_clock;

  /// Notes that `callers` more have arrived. Returns true if a waiting group need not wait any longer and must be
  /// notified.
  bool on_arrival(std::size_t callers) {
    const bool were_missing = arrived_since_ < last_group_;
    arrived_since_ += callers;
    return were_missing && arrived_since_ >= last_group_;
  }

  /// May wait. `lock` holds the owner's mutex; `arrived` must be notified when `on_arrival` returns true.
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& arrived) {
    if (arrived_since_ >= last_group_) return;
    if (at_once_ > 0) {
      --at_once_;
      return;
    }
    const std::size_t missing = last_group_ - arrived_since_;
    arrived.wait_for(lock, std::min<Clock::duration>(step_time_ / kWaitPart, kMostWait),
                     [this] { return arrived_since_ >= last_group_; });
    const std::size_t still_missing = last_group_ - std::min(last_group_, arrived_since_);
    const bool was_worth_it = still_missing <= missing / 2;
    next_at_once_ = was_worth_it ? 1 : std::min(2 * next_at_once_, kMostAtOnce);
    at_once_ = was_worth_it ? 0 : next_at_once_;
  }

  /// Notes that the step of a group with this many callers has ended, and how long it took.
  void end(std::size_t callers, Clock::duration took) {
    step_time_ += (took - step_time_) / kSmoothing;
    last_group_ = callers;
    arrived_since_ = 0;
  }

 private:
  /// A group waits for more callers for at most this part of the step's time.
  static constexpr int kWaitPart = 2;
  static constexpr std::chrono::milliseconds kMostWait{10};
  static constexpr std::size_t kMostAtOnce = 256;
  /// Weight of the newest step time in the moving average: one half.
  static constexpr int kSmoothing = 2;

  std::size_t last_group_ = 0;     // number of its callers
  std::size_t arrived_since_ = 0;  // callers that have arrived since it ended
  Clock::duration step_time_{};
  // How many groups begin at once because waiting was in vain; and the next such number.
  std::size_t at_once_ = 0;
  std::size_t next_at_once_ = 1;
};

}  // namespace stator::core
