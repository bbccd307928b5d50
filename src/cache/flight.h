#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cache/fence.h"
#include "core/api_error.h"
#include "endpoint/endpoint.h"

namespace stator::cache {

/// An entry's value: an item in stored form, or a reply. Null: the item does not exist.
using Value = std::shared_ptr<const std::string>;

/// One request to the upstream for something that several callers miss at the same time. One caller makes it, the
/// others wait for its result.
class Flight {
 public:
  explicit Flight(const Mark& mark) : mark_(mark) {}

  enum class Outcome : std::uint8_t {
    kLanded,
    kFailed,
    kAbandoned,  // ended without a result; a waiting caller must ask the upstream itself
  };
  void land(Value value) { end(Outcome::kLanded, std::move(value), std::nullopt); }
  void fail(core::ApiError error) { end(Outcome::kFailed, nullptr, std::move(error)); }
  void abandon() { end(Outcome::kAbandoned, nullptr, std::nullopt); }

  /// Waits for the result; returns kAbandoned if `deadline` comes first. Sets `value` for kLanded. Throws the error for
  /// kFailed.
  Outcome wait(endpoint::Request::Time deadline, Value& value);
  /// The mark under which it reads. A caller that comes after a write must not get the result of an earlier request.
  [[nodiscard]] const Mark& mark() const { return mark_; }

 private:
  void end(Outcome outcome, Value value, std::optional<core::ApiError> error);

  const Mark mark_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::optional<Outcome> outcome_;
  Value value_;
  std::optional<core::ApiError> error_;
};

}  // namespace stator::cache
