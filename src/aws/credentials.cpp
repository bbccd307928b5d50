#include "aws/credentials.h"

#include <limits>

namespace stator::aws {

namespace {

constexpr std::int64_t kRefreshBeforeMs = std::int64_t{5} * 60 * 1000;
/// The pause after a fetch that failed, or that returned keys which are also about to expire, while there are valid
/// ones.
constexpr std::int64_t kPauseMs = 10'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace

FixedCredentials::FixedCredentials(Credentials credentials)
    : credentials_(std::make_shared<const Credentials>(std::move(credentials))) {}

RefreshingCredentials::RefreshingCredentials(Fetch fetch, const core::Clock& clock)
    : fetch_(std::move(fetch)), clock_(clock) {}

bool RefreshingCredentials::is_valid(std::int64_t now_ms) const {
  return current_ && current_->expires_ms.value_or(kNever) > now_ms;
}

std::shared_ptr<const Credentials> RefreshingCredentials::get() {
  std::unique_lock lock(mutex_);
  const std::int64_t now_ms = clock_.now_ms();
  // A faulty service may return keys that have already expired: use them, as there are no others.
  const bool was_just_fetched = current_ && !failure_ && now_ms < next_fetch_ms_;
  if (was_just_fetched) return current_;
  if (is_valid(now_ms)) {
    const bool ends_soon = current_->expires_ms.value_or(kNever) - now_ms <= kRefreshBeforeMs;
    if (!ends_soon || is_fetching_ || now_ms < next_fetch_ms_) return current_;
  }
  while (is_fetching_) {
    // All waiting callers get the result of this fetch, instead of trying again one after another.
    const std::uint64_t before = fetches_;
    fetched_.wait(lock, [&] { return fetches_ != before; });
    if (failure_ && !is_valid(clock_.now_ms())) std::rethrow_exception(failure_);
    if (current_) return current_;
    // The new keys were already refused as expired.
  }
  return fetch_anew(lock);
}

std::shared_ptr<const Credentials> RefreshingCredentials::fetch_anew(std::unique_lock<std::mutex>& lock) {
  is_fetching_ = true;
  lock.unlock();
  Known fetched;
  std::exception_ptr failure;
  try {
    fetched = std::make_shared<const Credentials>(fetch_());
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  is_fetching_ = false;
  ++fetches_;
  failure_ = failure;
  if (fetched) current_ = fetched;
  fetched_.notify_all();
  const std::int64_t now_ms = clock_.now_ms();
  next_fetch_ms_ = now_ms + kPauseMs;
  if (failure && !is_valid(now_ms)) std::rethrow_exception(failure);
  return current_;
}

bool RefreshingCredentials::expire(const Credentials& refused) {
  const std::lock_guard lock(mutex_);
  const bool is_current =
      current_ && current_->access_key_id == refused.access_key_id && current_->session_token == refused.session_token;
  if (is_current) current_.reset();
  return true;
}

}  // namespace stator::aws
