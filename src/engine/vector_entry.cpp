#include "engine/vector_entry.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/limits.h"
#include "core/vector_limits.h"
#include "engine/index_key_types.h"
#include "engine/keys.h"
#include "engine/stored_value.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

static_assert(std::endian::native == std::endian::little, "vectors are stored as they are in memory");

using core::AttributeType;
using core::AttributeValue;

constexpr std::size_t kBytesPerDimension = sizeof(float);

std::size_t max_size_bytes(const SearchElement& element) {
  return element.hash ? core::kMaxPartitionKeySizeBytes : core::kMaxInlineFilterSizeBytes;
}

bool is_search_value(const SearchElement& element, const AttributeValue& value) {
  return value.type() == element.attribute.type && !(element.hash && is_empty_key(value)) &&
         value.size_bytes() <= max_size_bytes(element);
}

/// Collects the projected attributes of an entry, each once.
class EntryJson {
 public:
  EntryJson(const json::Item& item, IndexEntry& entry) : item_(item), entry_(entry) { entry_.owned_json = "{"; }
  void add(const std::string& name) {
    for (const std::string_view known : names_) {
      if (known == name) return;
    }
    const AttributeValue* value = item_.find(name);
    if (value == nullptr) return;
    names_.push_back(name);
    std::string& out = entry_.owned_json;
    if (out.size() > 1) out.push_back(',');
    json::append_string(name, out);
    out.push_back(':');
    item_.append_attribute(name, out);
    entry_.size_bytes += name.size() + value->size_bytes();
  }
  void end() { entry_.owned_json.push_back('}'); }

 private:
  const json::Item& item_;
  IndexEntry& entry_;
  std::vector<std::string_view> names_;
};

/// Returns the item's JSON without the attribute, which it must have.
std::string without(std::string_view item_json, const std::string& attribute) {
  const std::string_view value = json::find_attribute(item_json, attribute);
  const std::string member = "\"" + json::escaped_name(attribute) + "\":";
  auto begin = static_cast<std::size_t>(value.data() - item_json.data()) - member.size();
  std::size_t end = begin + member.size() + value.size();
  // Also remove one of the commas beside it.
  if (item_json[end] == ',') {
    ++end;
  } else if (item_json[begin - 1] == ',') {
    --begin;
  }
  std::string json(item_json.substr(0, begin));
  return json.append(item_json.substr(end));
}

void project_named(const Table& table, const Index& index, const json::Item& item, IndexEntry& entry) {
  EntryJson json(item, entry);
  for (const auto* attributes : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) json.add(attribute.name);
  }
  for (const SearchElement& element : index.vector->schema) json.add(element.attribute.name);
  if (index.projection == ProjectionType::kInclude) {
    for (const std::string& name : index.non_key_attributes) {
      if (name != index.vector->attribute) json.add(name);
    }
  }
  json.end();
}

core::ApiError fault(std::string message) { return {core::ErrorCode::kValidation, std::move(message)}; }

std::string_view type_of(const AttributeValue& value) { return core::type_name(value.type()); }

/// The service's form for numbers that are out of range: "1E+39", "-3.5E+38".
std::string scientific(const core::Number& number) {
  const std::string plain = number.to_string();
  const bool negative = plain.starts_with('-');
  std::string digits = plain.substr(negative ? 1 : 0);
  const std::size_t exponent = digits.size() - 1;  // such a number is an integer
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.size() > 1) digits.insert(1, 1, '.');
  return (negative ? "-" : "") + digits + "E+" + std::to_string(exponent);
}

std::optional<core::ApiError> check_vector(const Index& index, const AttributeValue& value) {
  const VectorSettings& settings = *index.vector;
  const std::string invalid = "One or more parameter values were invalid. ";
  const auto* list = value.get_if<AttributeValue::List>();
  if (list == nullptr) {
    return fault(invalid + "Invalid type for parameter " + settings.attribute +
                 ", Expected: 32-bit floating point number list IndexName: " + index.name);
  }
  if (list->size() != settings.dimensions) {
    return fault(invalid + "Invalid size for parameter " + settings.attribute +
                 ", Expected: " + std::to_string(settings.dimensions) + ", Actual: " + std::to_string(list->size()) +
                 " IndexName: " + index.name);
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = settings.attribute + "[" + std::to_string(i) + "]";
    const auto* number = (*list)[i].get_if<core::Number>();
    if (number == nullptr) {
      return fault(invalid + "Invalid type for parameter " + place +
                   ", Expected: 32-bit floating point number, Actual: " + std::string(type_of((*list)[i])) +
                   ". IndexName: " + index.name);
    }
    if (!std::isfinite(to_float(*number))) {
      return fault(invalid + "Invalid value for parameter " + place + ", Value: " + scientific(*number) +
                   " is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: " + index.name);
    }
  }
  return std::nullopt;
}

std::optional<core::ApiError> check_element(const Index& index, const SearchElement& element,
                                            const AttributeValue& value, bool of_update) {
  const core::KeyAttribute& attribute = element.attribute;
  if (value.type() != attribute.type) {
    return fault("One or more parameter values were invalid. Attribute '" + attribute.name +
                 "' type mismatch. Expected: " + std::string(core::type_name(attribute.type)) +
                 ", Actual: " + std::string(type_of(value)) + ". IndexName: " + index.name);
  }
  if (element.hash && is_empty_key(value)) return empty_index_key(index, attribute, of_update);
  if (value.size_bytes() <= max_size_bytes(element)) return std::nullopt;
  const std::string limit = std::to_string(max_size_bytes(element)) + " bytes";
  return fault("One or more parameter values were invalid: " +
               (element.hash
                    ? "Aggregate size for HASH key attributes exceeds the maximum of " + limit
                    : "Size limit exceeded for SearchSchema attribute '" + attribute.name + "': maximum " + limit));
}

/// The numbers of a vector attribute as stored in an index; nullopt unless the value is a list of as many numbers as
/// the index has dimensions, each within the range of a 32-bit float.
std::optional<std::vector<float>> vector_of(const AttributeValue& value, const VectorSettings& settings) {
  const auto* list = value.get_if<AttributeValue::List>();
  if (list == nullptr || list->size() != settings.dimensions) return std::nullopt;
  std::vector<float> vector;
  vector.reserve(list->size());
  for (const AttributeValue& element : *list) {
    const auto* number = element.get_if<core::Number>();
    if (number == nullptr) return std::nullopt;
    // Adding 0 makes negative zero zero, so that equal numbers have equal bytes.
    vector.push_back(to_float(*number) + 0.0F);
    if (!std::isfinite(vector.back())) return std::nullopt;
  }
  return vector;
}

}  // namespace

float to_float(const core::Number& number) {
  const std::string text = number.to_string();
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Too large or too small for 32 bits; strtof returns infinity or a value near zero.
  return error == std::errc() ? value : std::strtof(text.c_str(), nullptr);
}

std::string filter_part(const AttributeValue& value) {
  std::string part;
  store::append_part(value, part);
  return part;
}

std::optional<IndexEntry> make_vector_entry(const Table& table, const Index& index, const json::Item& item,
                                            std::string_view item_json, std::size_t item_size_bytes,
                                            std::string_view table_key_parts) {
  const VectorSettings& settings = *index.vector;
  const AttributeValue* value = item.find(settings.attribute);
  const auto vector = value == nullptr ? std::nullopt : vector_of(*value, settings);
  if (!vector) return std::nullopt;
  std::vector<AttributeValue> partition;
  std::string filters;
  for (const SearchElement& element : settings.schema) {
    const AttributeValue* found = item.find(element.attribute.name);
    if (found != nullptr && !is_search_value(element, *found)) return std::nullopt;
    if (element.hash) {
      if (found == nullptr) return std::nullopt;
      partition.push_back(*found);
      continue;
    }
    const std::string part = found == nullptr ? std::string() : filter_part(*found);
    append_varint(part.size(), filters);
    filters += part;
  }
  IndexEntry entry;
  entry.key = index_key(index, partition, table_key_parts);
  entry.vector.resize(vector->size() * kBytesPerDimension);
  std::memcpy(entry.vector.data(), vector->data(), entry.vector.size());
  entry.vector += filters;
  entry.size_bytes = settings.attribute.size() + vector->size() * kBytesPerDimension;
  if (index.projection == ProjectionType::kAll) {
    entry.owned_json = without(item_json, settings.attribute);
    entry.size_bytes += item_size_bytes - settings.attribute.size() - value->size_bytes();
  } else {
    project_named(table, index, item, entry);
  }
  return entry;
}

std::optional<core::ApiError> check_vector_attributes(const Index& index, const json::Item& item,
                                                      const expression::Update* update) {
  const auto value_to_check = [&](const std::string& name) -> const AttributeValue* {
    if (update != nullptr) {
      bool writes_it = false;
      for (const expression::Path& path : update->paths()) writes_it |= path.attribute == name;
      if (!writes_it) return nullptr;
    }
    return item.find(name);
  };
  if (const AttributeValue* value = value_to_check(index.vector->attribute)) {
    if (auto found = check_vector(index, *value)) return found;
  }
  for (const SearchElement& element : index.vector->schema) {
    const AttributeValue* value = value_to_check(element.attribute.name);
    if (value == nullptr) continue;
    if (auto found = check_element(index, element, *value, update != nullptr)) return found;
  }
  return std::nullopt;
}

VectorEntry read_vector_entry(std::string_view stored, std::size_t dimensions) {
  const StoredValue value = read_value(stored);
  const std::size_t bytes = dimensions * kBytesPerDimension;
  if (value.json.size() < bytes) throw core::DamageError("an entry of a vector index is too short");
  // The length is given by the dimensions, not by a terminating zero.
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)
  return {value.size_bytes, value.json.data(), value.json.substr(bytes)};
}

std::string_view next_filter(std::string_view& rest) {
  const std::uint64_t length = read_varint(rest);
  if (length > rest.size()) throw core::DamageError("an entry of a vector index is too short");
  const std::string_view part = rest.substr(0, length);
  rest.remove_prefix(length);
  return part;
}

std::size_t billed_size_bytes(const Table& table, const json::Item& item, std::size_t size_bytes) {
  std::size_t billed = size_bytes;
  std::vector<std::string_view> seen;
  for (const Index& index : table.indexes) {
    if (!index.vector) continue;
    const std::string& name = index.vector->attribute;
    bool known = false;
    for (const std::string_view other : seen) known |= other == name;
    if (known) continue;
    seen.push_back(name);
    const AttributeValue* value = item.find(name);
    const auto* list = value == nullptr ? nullptr : value->get_if<AttributeValue::List>();
    if (list == nullptr || list->size() != index.vector->dimensions) continue;
    billed = billed - value->size_bytes() + index.vector->dimensions * kBytesPerDimension;
  }
  return billed;
}

}  // namespace stator::engine
