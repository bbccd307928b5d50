#include "engine/index_entry.h"

#include <algorithm>

#include "core/limits.h"
#include "engine/index_key_types.h"
#include "engine/keys.h"
#include "engine/stored_value.h"
#include "engine/vector_entry.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

std::size_t max_size_bytes(bool hash) { return hash ? core::kMaxPartitionKeySizeBytes : core::kMaxSortKeySizeBytes; }

bool is_key_value(const core::KeyAttribute& attribute, const core::AttributeValue& value, bool hash) {
  return value.type() == attribute.type && !is_empty_key(value) && value.size_bytes() <= max_size_bytes(hash);
}

void append_member(const json::Item& item, std::string_view name, std::string& out, std::size_t& size_bytes) {
  const core::AttributeValue* value = item.find(name);
  if (value == nullptr) return;
  if (out.size() > 1) out.push_back(',');
  json::append_string(name, out);
  out.push_back(':');
  item.append_attribute(name, out);
  size_bytes += name.size() + value->size_bytes();
}

void project(const Table& table, const Index& index, const json::Item& item, IndexEntry& entry) {
  std::string& out = entry.owned_json;
  out.push_back('{');
  for (const auto* attributes : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) append_member(item, attribute.name, out, entry.size_bytes);
  }
  const auto append_unless = [&](const std::string& name, bool seen) {
    if (!seen) append_member(item, name, out, entry.size_bytes);
  };
  for (const auto* attributes : {&index.key_schema.hash, &index.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) {
      append_unless(attribute.name, table.key_schema.find(attribute.name) != nullptr);
    }
  }
  if (index.projection == ProjectionType::kInclude) {
    for (const std::string& name : index.non_key_attributes) {
      append_unless(name, table.key_schema.find(name) != nullptr || index.key_schema.find(name) != nullptr);
    }
  }
  out.push_back('}');
}

std::optional<core::ApiError> check_attribute(const Index& index, const core::KeyAttribute& attribute, bool hash,
                                              const json::Item& item, const expression::Update* update) {
  const auto writes_it = [&attribute](const expression::Path& path) { return path.attribute == attribute.name; };
  if (update != nullptr && std::ranges::none_of(update->paths(), writes_it)) return std::nullopt;
  const core::AttributeValue* value = item.find(attribute.name);
  if (value == nullptr || is_key_value(attribute, *value, hash)) return std::nullopt;
  const auto fault = [](std::string message) {
    return core::ApiError(core::ErrorCode::kValidation, std::move(message));
  };
  if (value->type() != attribute.type) {
    if (update != nullptr && !has_static_type(*update, attribute.name)) {
      return fault("The update expression attempted to update the secondary index key to unsupported type");
    }
    return index_key_type_mismatch(index, attribute, value->type());
  }
  if (is_empty_key(*value)) return empty_index_key(index, attribute, update != nullptr);
  return fault("One or more parameter values were invalid: Size limit exceeded for Index Key " + attribute.name +
               " Actual Size: " + std::to_string(value->size_bytes()) +
               " bytes Max Size: " + std::to_string(max_size_bytes(hash)) + " bytes IndexName: " + index.name);
}

std::optional<core::ApiError> check_index(const Index& index, const json::Item& item,
                                          const expression::Update* update) {
  if (index.vector) return check_vector_attributes(index, item, update);
  for (const bool hash : {true, false}) {
    for (const core::KeyAttribute& attribute : hash ? index.key_schema.hash : index.key_schema.range) {
      if (auto fault = check_attribute(index, attribute, hash, item, update)) return fault;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string IndexEntry::head() const {
  std::string text;
  append_value_header(size_bytes, text);
  return text += vector;
}

bool IndexEntry::is_stored_as(std::string_view value) const {
  const std::string before_json = head();
  return value.starts_with(before_json) && value.substr(before_json.size()) == json();
}

std::optional<IndexEntry> make_index_entry(const Table& table, const Index& index, const json::Item& item,
                                           std::string_view item_json, std::size_t item_size_bytes,
                                           std::string_view table_key_parts) {
  if (index.vector) return make_vector_entry(table, index, item, item_json, item_size_bytes, table_key_parts);
  std::vector<core::AttributeValue> values;
  values.reserve(index.key_schema.hash.size() + index.key_schema.range.size());
  for (const bool hash : {true, false}) {
    for (const core::KeyAttribute& attribute : hash ? index.key_schema.hash : index.key_schema.range) {
      const core::AttributeValue* value = item.find(attribute.name);
      if (value == nullptr || !is_key_value(attribute, *value, hash)) return std::nullopt;
      values.push_back(*value);
    }
  }
  IndexEntry entry;
  entry.key = index_key(index, values, table_key_parts);
  if (index.projection == ProjectionType::kAll) {
    entry.item_json = item_json;
    entry.size_bytes = item_size_bytes;
  } else {
    project(table, index, item, entry);
  }
  return entry;
}

void check_index_keys(const Table& table, const json::EncodedItem& item) {
  if (table.indexes.empty()) return;
  if (auto fault = check_index_keys(table, json::Item(item.json), nullptr)) throw std::move(*fault);
}

std::optional<core::ApiError> check_index_keys(const Table& table, const json::Item& item,
                                               const expression::Update* update) {
  std::optional<core::ApiError> first;
  const std::string* first_index = nullptr;
  for (const Index& index : table.indexes) {
    // The service reports the index that comes first by name.
    if (first_index != nullptr && index.name > *first_index) continue;
    if (auto fault = check_index(index, item, update)) {
      first = std::move(fault);
      first_index = &index.name;
    }
  }
  return first;
}

}  // namespace stator::engine
