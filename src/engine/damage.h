#pragma once

#include <string_view>

#include "core/damage_error.h"
#include "engine/table.h"

/// Damage told with its place, for the log.
namespace stator::engine {

/// "key 0000000a1f…: …". Names space and hash only: the parts behind them are the customer's data.
[[noreturn]] void throw_damage_at(std::string_view encoded_key, const core::DamageError& error);

/// "table t, index i: …"; `index` may be null.
[[noreturn]] void throw_damage_in(const Table& table, const Index* index, const core::DamageError& error);

}  // namespace stator::engine
