#include "api/requests/expressions.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "expression/legacy.h"
#include "expression/parameters.h"

namespace stator::api {

void check_expression_parameters(const Members& request, std::span<const MemberName> expression_names,
                                 std::span<const MemberName> legacy_names, bool names_expressions) {
  const auto is_there = [&request](MemberName name) { return request.has(name); };
  // Most requests have none of them.
  const bool any = request.has("ExpressionAttributeNames") || request.has("ExpressionAttributeValues") ||
                   std::ranges::any_of(expression_names, is_there);
  if (!any) return;
  const auto texts_of = [](std::span<const MemberName> names) {
    std::vector<std::string_view> texts;
    for (const MemberName name : names) texts.push_back(name.text);
    return texts;
  };
  expression::check_expression_parameters(request.json(), texts_of(expression_names), texts_of(legacy_names),
                                          names_expressions);
}

expression::Bindings read_name_bindings(const Members& request) {
  const auto names = request.object("ExpressionAttributeNames");
  if (!names) return {};
  return {&*names, nullptr};
}

expression::Bindings read_bindings(const Members& request, const json::ValueRules& rules) {
  const auto names = request.object("ExpressionAttributeNames");
  const auto values = request.object("ExpressionAttributeValues");
  if (!names && !values) return {};
  return {names ? &*names : nullptr, values ? &*values : nullptr, rules};
}

std::optional<expression::Condition> read_condition_expression(const Members& request, expression::Bindings& bindings) {
  const auto text = request.text("ConditionExpression");
  if (!text) return std::nullopt;
  return expression::bind_condition(*text, expression::ConditionKind::kCondition, bindings);
}

std::optional<expression::Condition> read_condition(const Members& request, expression::Bindings& bindings,
                                                    const json::ValueRules& rules) {
  if (auto condition = read_condition_expression(request, bindings)) return condition;
  const auto expected = request.object("Expected");
  const auto logic = request.text("ConditionalOperator").value_or(std::string_view{});
  if (!expected || expected->size() == 0) {
    expression::check_conditional_operator(logic, 0);
    return std::nullopt;
  }
  return expression::condition_from_expected(*expected, logic, rules);
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

}  // namespace stator::api
