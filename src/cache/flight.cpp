#include "cache/flight.h"

namespace stator::cache {

Flight::Outcome Flight::wait(endpoint::Request::Time deadline, Value& value) {
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return outcome_.has_value(); };
  if (deadline == endpoint::Request::Time::max()) {
    ended_.wait(lock, ended);
  } else if (!ended_.wait_until(lock, deadline, ended)) {
    return Outcome::kAbandoned;
  }
  if (error_) throw core::ApiError(*error_);
  value = value_;
  return outcome_.value_or(Outcome::kAbandoned);
}

void Flight::end(Outcome outcome, Value value, std::optional<core::ApiError> error) {
  {
    const std::lock_guard lock(mutex_);
    if (outcome_) return;
    outcome_ = outcome;
    value_ = std::move(value);
    error_ = std::move(error);
  }
  ended_.notify_all();
}

}  // namespace stator::cache
