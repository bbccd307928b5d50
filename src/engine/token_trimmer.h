#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "engine/idempotency.h"

namespace stator::engine {

/// Has expired request tokens deleted now and then, by one thread that begins with the first token and sleeps while
/// there are none.
class TokenTrimmer {
 public:
  TokenTrimmer(IdempotencyTokens& tokens, std::int64_t period_ms) : tokens_(tokens), period_ms_(period_ms) {}
  ~TokenTrimmer();
  TokenTrimmer(const TokenTrimmer&) = delete;
  TokenTrimmer& operator=(const TokenTrimmer&) = delete;

  /// There are tokens: to be called when they are written. Cheap, and never fails: what cannot be started now is
  /// started with the next token.
  void wake() noexcept;

 private:
  void run();

  IdempotencyTokens& tokens_;
  const std::chrono::milliseconds period_ms_;
  /// There may be tokens.
  std::atomic<bool> active_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace stator::engine
