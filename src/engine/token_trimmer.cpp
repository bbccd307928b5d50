#include "engine/token_trimmer.h"

#include <system_error>

namespace stator::engine {

TokenTrimmer::~TokenTrimmer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TokenTrimmer::wake() noexcept {
  if (active_.load()) return;
  try {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    active_.store(true);
  } catch (const std::system_error&) {
    return;  // no thread to be had; the transaction has happened all the same
  }
  changed_.notify_all();
}

void TokenTrimmer::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || active_.load(); });
    changed_.wait_for(lock, period_ms_, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    // Before the look: a token that is written behind it wakes us again.
    active_.store(false);
    bool rows_left = true;
    try {
      rows_left = tokens_.trim();
    } catch (const std::exception&) {
      // The store failed; it tells its errors itself, and we try again.
    }
    if (rows_left) active_.store(true);
    lock.lock();
  }
}

}  // namespace stator::engine
