#include "engine/index_key_types.h"

namespace stator::engine {

using core::AttributeType;

namespace {

std::optional<AttributeType> type_written(const expression::Update& update, const std::string& attribute) {
  const auto& paths = update.paths();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].attribute == attribute && paths[i].steps.empty()) return update.known_type(i);
  }
  return std::nullopt;
}

}  // namespace

core::ApiError index_key_type_mismatch(const Index& index, const core::KeyAttribute& attribute, AttributeType actual) {
  return {core::ErrorCode::kValidation,
          "One or more parameter values were invalid: Type mismatch for Index Key " + attribute.name +
              " Expected: " + std::string(core::type_name(attribute.type)) +
              " Actual: " + std::string(core::type_name(actual)) + " IndexName: " + index.name};
}

bool is_empty_key(const core::AttributeValue& value) {
  if (const auto* text = value.get_if<std::string>()) return text->empty();
  if (const auto* binary = value.get_if<core::AttributeValue::Binary>()) return binary->bytes.empty();
  return false;
}

core::ApiError empty_index_key(const Index& index, const core::KeyAttribute& attribute, bool of_update) {
  const std::string kind = attribute.type == AttributeType::kString ? "string" : "binary";
  const std::string cannot = "The AttributeValue for a key attribute cannot contain an empty " + kind + " value.";
  core::ApiError error(
      core::ErrorCode::kValidation,
      "One or more parameter values are not valid. " +
          (of_update ? "The update expression attempted to update a secondary index key to a value that is not "
                       "supported. " +
                           cannot
                     : "A value specified for a secondary index key is not supported. " + cannot +
                           " IndexName: " + index.name + ", IndexKey: " + attribute.name));
  error.fault = core::Fault::kEmptyKey;
  return error;
}

void check_known_index_key_types(const Table& table, const expression::Update& update) {
  const Index* first = nullptr;
  std::optional<core::ApiError> fault;
  for (const Index& index : table.indexes) {
    // The service reports the index that comes first by name.
    if (index.vector || (first != nullptr && index.name > first->name)) continue;
    for (const auto* part : {&index.key_schema.hash, &index.key_schema.range}) {
      for (const core::KeyAttribute& attribute : *part) {
        const auto type = type_written(update, attribute.name);
        if (!type || *type == attribute.type || first == &index) continue;
        first = &index;
        fault = index_key_type_mismatch(index, attribute, *type);
      }
    }
  }
  if (fault) throw std::move(*fault);
}

bool has_static_type(const expression::Update& update, const std::string& attribute) {
  return type_written(update, attribute).has_value();
}

}  // namespace stator::engine
