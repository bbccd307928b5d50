#include "engine/damage.h"

#include <string>

#include "engine/keys.h"

namespace stator::engine {

std::string key_for_log(std::string_view encoded_key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : encoded_key.substr(0, kKeyHeadBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 0xF]);
  }
  return text.append("…");
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
