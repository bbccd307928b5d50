#include "api/keys.h"

#include "core/api_error.h"
#include "core/limits.h"
#include "json/object_writer.h"
#include "json/writer.h"

namespace stator::api {

using core::AttributeType;
using core::AttributeValue;
using core::throw_invalid_parameters;
using core::throw_validation;

namespace {

constexpr const char* kSchemaMismatch = "The provided key element does not match the schema";

/// Sets `bytes` to the bytes of a string or binary; returns false for a number.
bool key_bytes(const AttributeValue& value, std::string_view& bytes) {
  if (const auto* text = value.get_if<std::string>()) {
    bytes = *text;
    return true;
  }
  if (const auto* binary = value.get_if<AttributeValue::Binary>()) {
    bytes = binary->bytes;
    return true;
  }
  return false;
}

void check_key_length(const AttributeValue& value, bool hash) {
  std::string_view bytes;
  if (!key_bytes(value, bytes)) return;
  if (hash && bytes.size() > core::kMaxPartitionKeySizeBytes) {
    throw_invalid_parameters("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  }
  if (!hash && bytes.size() > core::kMaxSortKeySizeBytes) {
    throw_invalid_parameters(
        "Aggregated size of all range keys has exceeded the size limit of "
        "1024 bytes");
  }
}

void check_key_not_empty(const std::string& name, const AttributeValue& value) {
  std::string_view bytes;
  if (!key_bytes(value, bytes) || !bytes.empty()) return;
  throw_validation(
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " +
          std::string(value.type() == AttributeType::kString ? "string" : "binary") + " value. Key: " + name,
      core::Fault::kEmptyKey);
}

[[noreturn, gnu::cold]] void throw_key_missing(const core::KeyAttribute& attribute, Place place) {
  if (place == Place::kBatch) throw_validation(kSchemaMismatch);
  throw_invalid_parameters("Missing the key " + attribute.name + " in the item");
}

[[noreturn, gnu::cold]] void throw_key_type(const core::KeyAttribute& attribute, AttributeType actual, Place place) {
  if (place == Place::kBatch) throw_validation(kSchemaMismatch);
  throw_invalid_parameters("Type mismatch for key " + attribute.name +
                           " expected: " + std::string(core::type_name(attribute.type)) +
                           " actual: " + std::string(core::type_name(actual)));
}

template <class Visit>
void for_each_key_attribute(const engine::Table& table, Visit visit) {
  for (const auto& attribute : table.key_schema.hash) visit(attribute, true);
  for (const auto& attribute : table.key_schema.range) visit(attribute, false);
}

}  // namespace

void check_key_value(const core::KeyAttribute& attribute, const AttributeValue& value, bool hash) {
  if (value.type() != attribute.type) throw_validation(kSchemaMismatch);
  check_key_not_empty(attribute.name, value);
  check_key_length(value, hash);
}

engine::Key key_from_attributes(const engine::Table& table, const KeyAttributes& key) {
  if (key.size() != table.key_schema.hash.size() + table.key_schema.range.size()) throw_validation(kSchemaMismatch);
  std::vector<AttributeValue> values;
  values.reserve(key.size());
  for_each_key_attribute(table, [&](const core::KeyAttribute& attribute, bool hash) {
    const AttributeValue* value = find_attribute(key, attribute.name);
    if (value == nullptr) throw_validation(kSchemaMismatch);
    check_key_value(attribute, *value, hash);
    values.push_back(*value);
  });
  return engine::Engine::make_key(table, std::move(values));
}

engine::Key key_from_item(const engine::Table& table, const json::EncodedItem& item, Place place) {
  std::vector<AttributeValue> values;
  values.reserve(2);
  for_each_key_attribute(table, [&](const core::KeyAttribute& attribute, bool hash) {
    const std::string_view stored = json::find_attribute(item.json, attribute.name);
    if (stored.empty()) throw_key_missing(attribute, place);
    AttributeValue value = json::parse_stored(stored);
    if (value.type() != attribute.type) throw_key_type(attribute, value.type(), place);
    check_key_not_empty(attribute.name, value);
    check_key_length(value, hash);
    values.push_back(std::move(value));
  });
  return engine::Engine::make_key(table, std::move(values));
}

void append_key_json(const engine::Table& table, const engine::Key& key, std::string& out) {
  std::size_t position = 0;
  json::ObjectWriter writer(out);
  for_each_key_attribute(table, [&](const core::KeyAttribute& attribute, bool /*hash*/) {
    json::append_value(key.values[position++], writer.member(attribute.name));
  });
  writer.end();
}

}  // namespace stator::api
