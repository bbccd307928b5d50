#include "engine/damage.h"

#include <string>

#include "core/hexadecimal.h"
#include "engine/keys.h"

namespace stator::engine {

std::string key_for_log(std::string_view encoded_key) {
  return core::hexadecimal(encoded_key.substr(0, kKeyHeadBytes)) + "…";
}

void throw_damage_at(std::string_view encoded_key, const core::DamageError& error) {
  throw core::DamageError("key " + key_for_log(encoded_key) + ": " + error.what());
}

void throw_damage_in(const Table& table, const Index* index, const core::DamageError& error) {
  std::string text = "table " + table.name;
  if (index != nullptr) text += ", index " + index->name;
  throw core::DamageError(text + ": " + error.what());
}

}  // namespace stator::engine
