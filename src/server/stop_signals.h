#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace stator::server {

/// Handles SIGTERM, SIGINT and, unless it is ignored, SIGHUP on a thread of its own: the first calls `stop`, the second
/// ends the process at once (status 128 + signal), unless it is a SIGHUP. Create it before any other thread, since
/// threads inherit the blocked signals.
class StopSignals {
 public:
  /// `stop` may be called while the Watch lives, so all that `stop` uses must outlive it.
  class Watch {
   public:
    explicit Watch(StopSignals& signals) : signals_(signals) {}
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    StopSignals& signals_;
  };

  /// Blocks the signals; they have no effect before `watch`.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// For a process that has nothing to put in order after the calls that it still waits for, such as those to another
  /// machine: where it has not ended so long after `stop`, it ends then, with status 0. To be called before `watch`.
  void leave_after(std::chrono::milliseconds patience) { patience_ = patience; }

  /// Calls `stop` also for a signal that came since construction. To be called once.
  [[nodiscard]] Watch watch(std::function<void()> stop);

 private:
  void run();
  void close_descriptors() const;

  int signals_ = -1;  // signalfd
  int end_ = -1;      // eventfd: the object is being destroyed
  std::mutex mutex_;
  std::function<void()> stop_;  // empty where there is no Watch
  std::optional<std::chrono::milliseconds> patience_;
  std::jthread thread_;
};

}  // namespace stator::server
