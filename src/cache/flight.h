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

/// One request to the upstream for something that several callers miss at the same time. One of them makes it, the
/// others wait for its result.
class Flight {
 public:
  explicit Flight(const Mark& mark) : mark_(mark) {}

  enum class Outcome : std::uint8_t {
    kLanded,
    kFailed,
    kLeft,  // no result; a waiting caller must ask the upstream itself
  };
  void land(Value value) { end(Outcome::kLanded, std::move(value), std::nullopt); }
  void fail(core::ApiError error) { end(Outcome::kFailed, nullptr, std::move(error)); }
  void leave() { end(Outcome::kLeft, nullptr, std::nullopt); }

  /// Waits for it, at most until `deadline`: kLeft then. `value` is filled in at kLanded. Throws the error at kFailed.
  Outcome wait(endpoint::Request::Time deadline, Value& value);
  /// What was read under it. Who comes after a write must not be given what was asked for before.
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
