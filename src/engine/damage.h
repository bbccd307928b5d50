#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/damage_error.h"
#include "engine/table.h"

/// Errors about damaged data, with the place of the damage, for the log.
namespace stator::engine {

/// A key for the log: space and hash in hexadecimal digits. The parts after them are the user's data.
std::string key_for_log(std::string_view encoded_key);

/// "key 0000000a1f…: …".
[[noreturn]] void throw_damage_at(std::string_view encoded_key, const core::DamageError& error);

/// "table t, index i: …"; `index` may be null.
[[noreturn]] void throw_damage_in(const Table& table, const Index* index, const core::DamageError& error);

/// A background job logs this many damaged items one by one; it counts all.
inline constexpr std::uint64_t kLoggedDamages = 20;

/// For background jobs, which pass over an item that is damaged: calls `read`, which reads it, and returns false where
/// it cannot be read.
template <class Read>
bool is_readable(Read read) {
  try {
    read();
    return true;
  } catch (const core::DamageError&) {
    return false;
  }
}

}  // namespace stator::engine
