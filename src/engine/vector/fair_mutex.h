#pragma once

#include <mutex>
#include <shared_mutex>

namespace stator::engine {

/// A shared mutex under which writers do not starve: once a thread waits for exclusive access, new shared locks wait
/// behind it. With std::shared_mutex it may wait as long as new shared locks arrive.
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
