#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/damage_error.h"
#include "engine/table.h"

/// Errors about damaged data that say where the damage is, for the log.
namespace stator::engine {

/// A key for the log: space and hash in hexadecimal digits. The parts after them are left out, as they are the user's
/// data.
std::string key_for_log(std::string_view encoded_key);

/// Throws the error with the text "key 0000000a1f…: …".
[[noreturn]] void throw_damage_at(std::string_view encoded_key, const core::DamageError& error);

/// Throws the error with the text "table t, index i: …"; `index` may be null.
[[noreturn]] void throw_damage_in(const Table& table, const Index* index, const core::DamageError& error);

/// A background job logs the first so many damaged items, and counts all of them.
inline constexpr std::uint64_t kLoggedDamages = 20;

/// For background jobs, which skip damaged items: calls `read` and returns false if it throws core::DamageError.
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
