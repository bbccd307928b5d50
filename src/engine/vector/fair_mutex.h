#pragma once

#include <mutex>
#include <shared_mutex>

namespace stator::engine {

/// A mutex that many may share, and that a thread which wants it alone gets after those that share it now: others wait
/// behind it. The standard library's lets it wait as long as new ones come.
class FairMutex {
 public:
  void lock() {
    const std::lock_guard<std::mutex> turn(turn_);
    shared_.lock();
  }
  void unlock() { shared_.unlock(); }
  void lock_shared() {
    const std::lock_guard<std::mutex> turn(turn_);
    shared_.lock_shared();
  }
  void unlock_shared() { shared_.unlock_shared(); }

 private:
  std::mutex turn_;
  std::shared_mutex shared_;
};

}  // namespace stator::engine
