#pragma once

#include <span>

#include "core/api_error.h"
#include "engine/engine.h"

/// The service's errors for writes that failed because of existing items.
namespace stator::api {

/// Thrown for a write that failed because of the existing item.
struct RefusedWrite : core::ApiError {
  using ApiError::ApiError;
  /// The size of the existing item or of the item to be put, whichever is larger.
  std::size_t size_bytes = 0;
};

/// Throws RefusedWrite: DuplicateItemException if the item of an INSERT already exists, otherwise
/// ConditionalCheckFailedException, with the existing item if the request asked for it.
[[noreturn]] void throw_refused(const engine::WriteAction& action, const engine::WriteOutcome& outcome);

/// Throws TransactionCanceledException with a reason for each action.
[[noreturn]] void throw_cancelled(std::span<const engine::CancellationReason> reasons);

}  // namespace stator::api
