#include "api/idempotency.h"

#include "core/api_error.h"

namespace stator::api {

bool IdempotencyTokens::begin(std::string_view token, std::uint64_t digest, std::int64_t now_ms, std::string& outcome) {
  std::unique_lock lock(mutex_);
  forget_old(now_ms);
  const std::string name(token);
  while (true) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      entries_.emplace(name, Entry{digest, now_ms + kWindowMs, true, {}});
      order_.push_back(name);
      return false;
    }
    if (found->second.digest != digest) {
      throw core::ApiError(
          "IdempotentParameterMismatchException",
          "Specified idempotent token was used with different request parameters within the idempotency "
          "window");
    }
    if (!found->second.under_way) {
      outcome = found->second.outcome;
      return true;
    }
    settled_.wait(lock);
  }
}

void IdempotencyTokens::finish(std::string_view token, std::string outcome) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(std::string(token));
    if (found != entries_.end()) {
      found->second.under_way = false;
      found->second.outcome = std::move(outcome);
    }
  }
  settled_.notify_all();
}

void IdempotencyTokens::abandon(std::string_view token) {
  {
    const std::scoped_lock lock(mutex_);
    entries_.erase(std::string(token));
  }
  settled_.notify_all();
}

void IdempotencyTokens::forget_old(std::int64_t now_ms) {
  // Tokens come in the order of their expiry, so the front of the queue is the oldest.
  while (!order_.empty()) {
    const auto found = entries_.find(order_.front());
    const bool gone = found == entries_.end();
    if (!gone && (found->second.under_way || (found->second.expires_ms > now_ms && entries_.size() < kMaxTokens))) {
      return;
    }
    if (!gone) entries_.erase(found);
    order_.pop_front();
  }
}

}  // namespace stator::api
