#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace stator::core {

/// Decides how long a group that shares some costly step (a wait for the disk) waits for more to come before it begins.
///
/// Callers that wait for each reply before they send the next request would fall into two halves without that, of which
/// one waits while the other's step is under way, so that each would wait for it twice. So a group waits a part of what
/// the step takes for those of the last one to come back; where they do not, it soon stops to do so.
///
/// Not safe for several threads: all under the owner's mutex.
class Gathering {
 public:
  using Clock = std::chrono::steady_clock;

  /// So many more have come. True where a group that waits need wait no longer, and is to be told.
  bool come(std::size_t callers) {
    const bool were_missing = come_since_ < last_group_;
    come_since_ += callers;
    return were_missing && come_since_ >= last_group_;
  }

  /// Waits, perhaps. `lock` is on the owner's mutex; `came` is notified when `come` says so.
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& came) {
    if (come_since_ >= last_group_) return;
    if (at_once_ > 0) {
      --at_once_;
      return;
    }
    const std::size_t missing = last_group_ - come_since_;
    came.wait_for(lock, std::min<Clock::duration>(step_time_ / kWaitPart, kMostWait),
                  [this] { return come_since_ >= last_group_; });
    const std::size_t still_missing = last_group_ - std::min(last_group_, come_since_);
    const bool was_worth_it = still_missing <= missing / 2;
    next_at_once_ = was_worth_it ? 1 : std::min(2 * next_at_once_, kMostAtOnce);
    at_once_ = was_worth_it ? 0 : next_at_once_;
  }

  /// The step of a group with so many callers has ended and taken so long.
  void end(std::size_t callers, Clock::duration took) {
    step_time_ += (took - step_time_) / kSmoothing;
    last_group_ = callers;
    come_since_ = 0;
  }

 private:
  /// The part of the step's time that a group may wait for more.
  static constexpr int kWaitPart = 2;
  static constexpr std::chrono::milliseconds kMostWait{10};
  static constexpr std::size_t kMostAtOnce = 256;
  /// The last times of the step count by halves, by quarters, and so on.
  static constexpr int kSmoothing = 2;

  std::size_t last_group_ = 0;  // how many callers were in it
  std::size_t come_since_ = 0;  // callers, since it ended
  Clock::duration step_time_{};
  // Groups that are to begin at once, as waiting was in vain; and how many the next time.
  std::size_t at_once_ = 0;
  std::size_t next_at_once_ = 1;
};

}  // namespace stator::core
