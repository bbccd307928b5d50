#pragma once

#include <span>

#include "engine/engine.h"

/// The service's errors for writes that failed because of the existing items.
namespace stator::api {

/// ConditionalCheckFailedException, with the item that failed the condition where the request asked for it.
[[noreturn]] void throw_condition_failed(const engine::WriteOutcome& outcome);

/// DuplicateItemException: an INSERT's item exists already.
[[noreturn]] void throw_duplicate_item();

/// TransactionCanceledException; a reason for each action.
[[noreturn]] void throw_cancelled(std::span<const engine::CancellationReason> reasons);

}  // namespace stator::api
