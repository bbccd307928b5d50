#include "aws/credentials.h"

#include <exception>
#include <limits>

namespace stator::aws {

namespace {
constexpr std::int64_t kRefreshBeforeMs = 5 * 60 * 1000;
}

FixedCredentials::FixedCredentials(Credentials credentials)
    : credentials_(std::make_shared<const Credentials>(std::move(credentials))) {}

RefreshingCredentials::RefreshingCredentials(Fetch fetch, const core::Clock& clock)
    : fetch_(std::move(fetch)), clock_(clock) {}

std::shared_ptr<const Credentials> RefreshingCredentials::get() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = clock_.now_ms();
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  if (current_ && current_->expires_ms.value_or(kNever) - now_ms > kRefreshBeforeMs) return current_;
  try {
    current_ = std::make_shared<const Credentials>(fetch_());
  } catch (const std::exception&) {
    if (!current_ || current_->expires_ms.value_or(kNever) <= now_ms) throw;
  }
  return current_;
}

bool RefreshingCredentials::expire() {
  const std::lock_guard lock(mutex_);
  current_.reset();
  return true;
}

}  // namespace stator::aws
