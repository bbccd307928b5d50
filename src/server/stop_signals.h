#pragma once

#include <functional>
#include <thread>

namespace stator::server {

/// Turns SIGTERM and SIGINT into a call, on a thread of its own: the first calls `stop`, the second ends the process at
/// once (status 128 + signal). Make it before any other thread, since they inherit what it blocks.
class StopSignals {
 public:
  /// Blocks the signals; nothing is called before `watch`.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// A signal that came since construction counts.
  void watch(std::function<void()> stop);

 private:
  int signals_ = -1;  // signalfd
  int end_ = -1;      // eventfd: the object is being destroyed
  std::jthread thread_;
};

}  // namespace stator::server
