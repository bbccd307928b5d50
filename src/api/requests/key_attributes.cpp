#include "api/requests/key_attributes.h"

namespace stator::api {

KeyAttributes read_key_attributes(const json::Object& key, const json::ValueRules& rules) {
  // No key has so many attributes; the check against the schema refuses it whatever follows.
  constexpr std::size_t kMaxAttributes = 32;
  KeyAttributes attributes;
  for (const auto member : key) {
    attributes.push_back({member.key, json::read_value(member.value, rules)});
    if (attributes.size() > kMaxAttributes) break;
  }
  return attributes;
}

const core::AttributeValue* find_attribute(const KeyAttributes& key, std::string_view name) {
  for (const auto& attribute : key) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

}  // namespace stator::api
