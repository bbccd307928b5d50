#include "engine/import/item_check.h"

#include <optional>

#include "core/api_error.h"
#include "core/base64.h"
#include "core/limits.h"

namespace stator::engine {
namespace {

using core::AttributeValue;

void check_value(const json::Value& value);

[[noreturn]] void refuse(std::string_view name, std::string_view expected) {
  core::throw_validation("an attribute value has the type " + std::string(name) + " but is no " +
                         std::string(expected));
}

void check_text(std::string_view type, const json::Value& value) {
  if (!value.is_string()) refuse(type, "string");
  const std::string_view text = value.get_string();
  if (type.front() == 'B' && !core::base64_decoded_size(text)) refuse(type, "base64");
}

/// Checks the JSON types, as check_shape does for requests; the rest is checked when the item is normalised.
void check_typed(std::string_view type, const json::Value& value) {
  if (type == "S" || type == "N" || type == "B") {
    check_text(type, value);
  } else if (type == "BOOL" || type == "NULL") {
    if (!value.is_bool()) refuse(type, "boolean");
  } else if (type == "SS" || type == "NS" || type == "BS" || type == "L") {
    if (!value.is_array()) refuse(type, "array");
    for (const json::Value element : value.get_array()) type == "L" ? check_value(element) : check_text(type, element);
  } else if (type == "M") {
    if (!value.is_object()) refuse(type, "object");
    for (const auto member : value.get_object()) check_value(member.value);
  } else {
    core::throw_validation("there is no type " + std::string(type));
  }
}

void check_value(const json::Value& value) {
  json::Object object;
  if (value.get(object) != simdjson::SUCCESS || object.size() != 1) {
    core::throw_validation("an attribute value is not an object with one type");
  }
  const auto member = *object.begin();
  check_typed(member.key, member.value);
}

void check_key(const core::KeyAttribute& attribute, const AttributeValue& value, std::size_t max_bytes) {
  if (value.type() != attribute.type) {
    core::throw_invalid_parameters("Type mismatch for key " + attribute.name +
                                   " expected: " + std::string(core::type_name(attribute.type)) +
                                   " actual: " + std::string(core::type_name(value.type())));
  }
  std::optional<std::size_t> bytes;
  if (const auto* text = value.get_if<std::string>()) bytes = text->size();
  if (const auto* binary = value.get_if<AttributeValue::Binary>()) bytes = binary->bytes.size();
  if (bytes == 0) core::throw_validation("the key attribute " + attribute.name + " is empty");
  if (bytes && *bytes > max_bytes) core::throw_validation("the key attribute " + attribute.name + " is too long");
}

Key key_of(const Table& table, const json::EncodedItem& item) {
  std::vector<AttributeValue> values;
  const auto add = [&](const core::KeyAttribute& attribute, std::size_t max_bytes) {
    const std::string_view stored = json::find_attribute(item.json, attribute.name);
    if (stored.empty()) core::throw_invalid_parameters("Missing the key " + attribute.name + " in the item");
    values.push_back(json::parse_stored(stored));
    check_key(attribute, values.back(), max_bytes);
  };
  for (const core::KeyAttribute& attribute : table.key_schema.hash) add(attribute, core::kMaxPartitionKeySizeBytes);
  for (const core::KeyAttribute& attribute : table.key_schema.range) add(attribute, core::kMaxSortKeySizeBytes);
  return Engine::make_key(table, std::move(values));
}

}  // namespace

ImportedItem check_imported_item(const Table& table, const json::Object& wire) {
  for (const auto attribute : wire) check_value(attribute.value);
  ImportedItem imported;
  imported.item = json::normalise_item(wire);
  if (imported.item.size_bytes > core::kMaxItemSizeBytes) {
    core::throw_validation("Item size has exceeded the maximum allowed size");
  }
  imported.key = key_of(table, imported.item);
  check_index_keys(table, imported.item);
  return imported;
}

}  // namespace stator::engine
