#pragma once

#include <atomic>
#include <mutex>

namespace stator::core {

/// Work that is done once, by the first caller, while other callers wait. If the work throws it counts as not done, and
/// the next caller tries again. Replaces std::call_once, which uses pthread_once: outside glibc, and under
/// ThreadSanitizer, an exception leaves that locked forever.
class Once {
 public:
  template <class Work>
  void call(Work&& work) {
    if (done_.load(std::memory_order_acquire)) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (done_.load(std::memory_order_relaxed)) return;
    work();
    done_.store(true, std::memory_order_release);
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> done_{false};
};

}  // namespace stator::core
