#pragma once

#include <span>

#include "core/api_error.h"
#include "engine/engine.h"

/// The service's errors for writes that failed because of the existing items.
namespace stator::api {

/// A write that the existing item refused.
struct RefusedWrite : core::ApiError {
  using ApiError::ApiError;
  /// The larger of that item and the one that a put carried.
  std::size_t size_bytes = 0;
};

/// Throws RefusedWrite: DuplicateItemException where an INSERT's item exists already, else
/// ConditionalCheckFailedException, with the item that failed the condition where the request asked for it.
[[noreturn]] void throw_refused(const engine::WriteAction& action, const engine::WriteOutcome& outcome);

/// TransactionCanceledException; a reason for each action.
[[noreturn]] void throw_cancelled(std::span<const engine::CancellationReason> reasons);

}  // namespace stator::api
