#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace stator::server {

/// Handles SIGTERM, SIGINT and, unless it is ignored, SIGHUP on a separate thread: the first signal calls `stop`, the
/// second ends the process at once (status 128 + signal), unless it is a SIGHUP. Create this before any other thread,
/// since threads inherit the blocked signals.
class StopSignals {
 public:
  /// While the Watch lives `stop` may be called, so everything that `stop` uses must outlive it.
  class Watch {
   public:
    explicit Watch(StopSignals& signals) : signals_(signals) {}
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    StopSignals& signals_;
  };

  /// Blocks the signals; they have no effect until `watch`.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Ends the process with status 0 if it has not ended this long after `stop`. For processes that may still be waiting
  /// for calls, such as to another machine, and have nothing to clean up after them. Call this before `watch`.
  void leave_after(std::chrono::milliseconds patience) { patience_ = patience; }

  /// From here on signals call `stop`, also one that came since construction. Call this once.
  [[nodiscard]] Watch watch(std::function<void()> stop);

 private:
  void run();
  void close_descriptors() const;

  int signals_ = -1;  // signalfd
  int end_ = -1;      // eventfd: the object is being destroyed
  std::mutex mutex_;
  std::function<void()> stop_;  // empty if there is no Watch
  std::optional<std::chrono::milliseconds> patience_;
  std::jthread thread_;
};

}  // namespace stator::server
