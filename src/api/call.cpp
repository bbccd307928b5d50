#include "api/call.h"

#include <algorithm>

#include "core/api_error.h"
#include "expression/legacy.h"
#include "expression/parameters.h"

namespace stator::api {

std::string_view table_name_from(std::string_view name_or_arn) {
  constexpr std::string_view kMark = ":table/";
  if (!name_or_arn.starts_with("arn:")) return name_or_arn;
  const auto at = name_or_arn.find(kMark);
  if (at == std::string_view::npos) return name_or_arn;
  auto name = name_or_arn.substr(at + kMark.size());
  return name.substr(0, name.find('/'));
}

std::string_view table_name(const Members& request) {
  return table_name_from(request.text("TableName").value_or(std::string_view{}));
}

TableArn parse_arn(std::string_view arn) {
  TableArn parts;
  arn.remove_prefix(std::min(arn.size(), std::string_view("arn:").size()));
  for (std::string_view* part : {&parts.partition, &parts.service, &parts.region, &parts.account}) {
    *part = arn.substr(0, arn.find(':'));
    arn.remove_prefix(std::min(arn.size(), part->size() + 1));
  }
  parts.resource = arn;
  return parts;
}

void check_arn_region(const Context& context, std::string_view arn) {
  if (parse_arn(arn).region == context.region) return;
  core::throw_validation("1 validation error detected: Invalid AWS region in '" + std::string(arn) + "'");
}

expression::Bindings read_bindings(const Members& request) {
  const auto names = request.object("ExpressionAttributeNames");
  const auto values = request.object("ExpressionAttributeValues");
  if (!names && !values) return {};
  return {names ? &*names : nullptr, values ? &*values : nullptr};
}

std::optional<expression::Condition> read_condition(const Members& request, expression::Bindings& bindings) {
  if (const auto text = request.text("ConditionExpression")) {
    return expression::bind_condition(*text, expression::ConditionKind::kCondition, bindings);
  }
  const auto expected = request.object("Expected");
  const auto logic = request.text("ConditionalOperator").value_or(std::string_view{});
  if (!expected || expected->size() == 0) {
    expression::check_conditional_operator(logic, 0);
    return std::nullopt;
  }
  return expression::condition_from_expected(*expected, logic);
}

std::optional<expression::Projection> read_projection_expression(const Members& request,
                                                                 expression::Bindings& bindings) {
  const auto text = request.text("ProjectionExpression");
  if (!text) return std::nullopt;
  return expression::bind_projection(*text, bindings);
}

std::optional<expression::Projection> read_attributes_to_get(const Members& request) {
  const auto names = request.array("AttributesToGet");
  if (!names) return std::nullopt;
  return expression::projection_from_attributes_to_get(*names);
}

std::optional<expression::Projection> read_projection(const Members& request, expression::Bindings& bindings) {
  if (auto projection = read_projection_expression(request, bindings)) return projection;
  return read_attributes_to_get(request);
}

namespace {

void check_schema_attributes(const core::KeySchema& schema, const char* what, const std::vector<std::string>& nested) {
  for (const auto& name : nested) {
    if (schema.find(name) == nullptr) continue;
    core::throw_validation(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " +
        std::string(what) + ": " + name);
  }
}

}  // namespace

void refuse_key_updates(const engine::Table& table, const expression::Update& update) {
  for (const auto& path : update.paths()) {
    if (table.key_schema.find(path.attribute) == nullptr) continue;
    core::throw_validation("One or more parameter values were invalid: Cannot update attribute " + path.attribute +
                           ". This attribute is part of the key");
  }
}

void check_nested_attributes(const engine::Table& table, const std::vector<std::string>& nested) {
  if (nested.empty()) return;
  check_schema_attributes(table.key_schema, "Key", nested);
  for (const auto& index : table.indexes) check_schema_attributes(index.key_schema, "IndexKey", nested);
}

void check_key_paths(const engine::Table& table, const std::vector<expression::Path>& paths) {
  std::vector<std::string> nested;
  for (const auto& path : paths) {
    if (!path.steps.empty()) nested.push_back(path.attribute);
  }
  check_nested_attributes(table, nested);
}

void check_key_paths(const engine::Table& table, const std::optional<expression::Condition>& condition) {
  if (!condition) return;
  std::vector<std::string> nested;
  condition->append_nested_attributes(nested);
  check_nested_attributes(table, nested);
}

std::string table_arn(const Context& context, std::string_view name) {
  return "arn:aws:dynamodb:" + context.region + ":" + context.account_id + ":table/" + std::string(name);
}

std::string index_arn(const Context& context, std::string_view table, std::string_view index) {
  return table_arn(context, table) + "/index/" + std::string(index);
}

}  // namespace stator::api
