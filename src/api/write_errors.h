#pragma once

#include <span>

#include "engine/engine.h"

/// Writes that were refused by what they met, as the service's errors.
namespace stator::api {

/// ConditionalCheckFailedException, with the item that the condition met where the request wanted it.
[[noreturn]] void throw_condition_failed(const engine::WriteOutcome& outcome);

/// DuplicateItemException: a put of what must be new met an item.
[[noreturn]] void throw_duplicate_item();

/// TransactionCanceledException; a reason for each action.
[[noreturn]] void throw_cancelled(std::span<const engine::CancellationReason> reasons);

}  // namespace stator::api
