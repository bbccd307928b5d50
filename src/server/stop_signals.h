#pragma once

#include <functional>
#include <mutex>
#include <thread>

namespace stator::server {

/// Turns SIGTERM and SIGINT into a call, on a thread of its own: the first calls `stop`, the second ends the process at
/// once (status 128 + signal). Make it before any other thread, since they inherit what it blocks.
class StopSignals {
 public:
  /// While it lives, `stop` may be called; so what `stop` uses must outlive it.
  class Watch {
   public:
    explicit Watch(StopSignals& signals) : signals_(signals) {}
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    StopSignals& signals_;
  };

  /// Blocks the signals; nothing is called before `watch`.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// A signal that came since construction counts. Once.
  [[nodiscard]] Watch watch(std::function<void()> stop);

 private:
  void run();
  void close_descriptors() const;

  int signals_ = -1;  // signalfd
  int end_ = -1;      // eventfd: the object is being destroyed
  std::mutex mutex_;
  std::function<void()> stop_;  // empty when nobody watches
  std::jthread thread_;
};

}  // namespace stator::server
