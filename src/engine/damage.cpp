#include "engine/damage.h"

#include <string>

#include "engine/keys.h"

namespace stator::engine {

void throw_damage_at(std::string_view encoded_key, const core::DamageError& error) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "key ";
  for (const char c : encoded_key.substr(0, kKeyHeadBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 0xF]);
  }
  throw core::DamageError(text + "…: " + error.what());
}

void throw_damage_in(const Table& table, const Index* index, const core::DamageError& error) {
  std::string text = "table " + table.name;
  if (index != nullptr) text += ", index " + index->name;
  throw core::DamageError(text + ": " + error.what());
}

}  // namespace stator::engine
