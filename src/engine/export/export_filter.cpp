#include "engine/export/export_filter.h"

#include <vector>

#include "core/api_error.h"
#include "json/reader.h"

namespace stator::engine {
namespace {

std::optional<json::Object> object_member(const json::Object& object, std::string_view name) {
  json::Value value;
  json::Object member;
  if (!json::find_member(object, name, value) || value.get(member) != simdjson::SUCCESS) return std::nullopt;
  return member;
}

std::optional<std::string_view> text_member(const json::Object& object, std::string_view name) {
  json::Value value;
  std::string_view text;
  if (!json::find_member(object, name, value) || value.get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

/// With a key condition, a filter must not use key attributes.
void refuse_keys_in(const expression::Condition& filter, const core::KeySchema& schema) {
  std::vector<std::string> attributes;
  filter.append_attributes(attributes);
  for (const std::string& attribute : attributes) {
    if (schema.find(attribute) == nullptr) continue;
    core::throw_validation("Filter Expression can only contain non-primary key attributes: Primary key attribute: " +
                           attribute);
  }
}

}  // namespace

ExportFilter::ExportFilter(std::string_view specification, const core::KeySchema& schema) : schema_(schema) {
  json::Parser parser;
  json::Object object;
  if (parser.parse(specification).get(object) != simdjson::SUCCESS) {
    core::throw_validation("FilterSpecification is not an object");
  }
  const auto names = object_member(object, "ExpressionAttributeNames");
  const auto values = object_member(object, "ExpressionAttributeValues");
  expression::Bindings bindings(names ? &*names : nullptr, values ? &*values : nullptr);
  if (const auto text = text_member(object, "ProjectionExpression")) {
    projection_ = expression::bind_projection(*text, bindings);
  }
  if (const auto text = text_member(object, "FilterExpression")) {
    filter_ = expression::bind_condition(*text, expression::ConditionKind::kFilter, bindings);
  }
  std::optional<expression::KeyCondition> condition;
  if (const auto text = text_member(object, "KeyConditionExpression")) {
    condition = expression::bind_key_condition(*text, bindings);
  }
  bindings.check_all_used();
  if (!condition) return;
  expression::check_key_condition(*condition);
  keys_ = expression::resolve_key_condition(*condition, schema_);
  if (filter_) refuse_keys_in(*filter_, schema_);
}

bool ExportFilter::matches(std::string_view item_json) const {
  if (!keys_ && !filter_) return true;
  const json::Item item(item_json);
  if (keys_) {
    for (std::size_t i = 0; i < keys_->hash.size(); ++i) {
      const core::AttributeValue* value = item.find(schema_.hash[i].name);
      if (value == nullptr || !(*value == keys_->hash[i])) return false;
    }
    for (std::size_t i = 0; i < keys_->range_equal.size(); ++i) {
      const core::AttributeValue* value = item.find(schema_.range[i].name);
      if (value == nullptr || !(*value == keys_->range_equal[i])) return false;
    }
    if (keys_->range) {
      const core::AttributeValue* value = item.find(keys_->range->attribute);
      if (value == nullptr || !expression::holds(*keys_->range, *value)) return false;
    }
  }
  return !filter_ || filter_->matches(item);
}

void ExportFilter::append(std::string_view item_json, std::string& out) const {
  if (projection_) {
    projection_->append_json(json::Item(item_json), out);
  } else {
    out.append(item_json);
  }
}

}  // namespace stator::engine
