#include "api/requests/expressions.h"

#include "expression/legacy.h"
#include "expression/parameters.h"

namespace stator::api {

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
