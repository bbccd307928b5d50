#include "expression/parameters.h"

#include <algorithm>
#include <string>

#include "core/api_error.h"

namespace stator::expression {
namespace {

constexpr std::string_view kProjection = "ProjectionExpression";
constexpr std::string_view kKeyCondition = "KeyConditionExpression";
constexpr std::string_view kKeyConditions = "KeyConditions";

bool has(const json::Object& request, std::string_view name) {
  json::Value value;
  return json::find_member(request, name, value);
}

/// Joins the names for which `wanted` is true, in order.
template <class Wanted>
std::string joined(std::span<const std::string_view> names, std::string_view separator, Wanted wanted) {
  std::string text;
  for (const std::string_view name : names) {
    if (!wanted(name)) continue;
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

bool takes_values(std::string_view expression_name) { return expression_name != kProjection; }

}  // namespace

void check_expression_parameters(const json::Object& request, std::span<const std::string_view> expression_names,
                                 std::span<const std::string_view> legacy_names, bool names_expressions) {
  const auto is_there = [&](std::string_view name) { return has(request, name); };
  // KeyConditions may go with a FilterExpression or ProjectionExpression.
  const auto is_mixed = [&](std::string_view name) {
    return is_there(name) && (name != kKeyConditions || is_there(kKeyCondition));
  };
  bool any_expression = false;
  bool any_with_values = false;
  for (const std::string_view name : expression_names) {
    if (!is_there(name)) continue;
    any_expression = true;
    any_with_values = any_with_values || takes_values(name);
  }
  if (any_expression && std::ranges::any_of(legacy_names, is_mixed)) {
    core::throw_validation(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
        "{" +
        joined(legacy_names, ", ", is_mixed) + "} Expression parameters: {" + joined(expression_names, ", ", is_there) +
        "}");
  }
  if (!any_expression && is_there("ExpressionAttributeNames")) {
    core::throw_validation("ExpressionAttributeNames can only be specified when using expressions");
  }
  if (any_with_values || !is_there("ExpressionAttributeValues")) return;
  const auto count = std::ranges::count_if(expression_names, takes_values);
  if (count == 0) return;
  std::string message = "ExpressionAttributeValues can only be specified when using expressions";
  if (names_expressions) {
    message.append(": ").append(joined(expression_names, " and ", takes_values));
    message.append(count > 1 ? " are null" : " is null");
  }
  core::throw_validation(std::move(message));
}

void check_conditional_operator(std::string_view conditional_operator, std::size_t condition_count) {
  if (conditional_operator.empty()) return;
  if (condition_count >= 2) {
    if (conditional_operator == "AND" || conditional_operator == "OR") return;
    core::throw_validation("Failed to satisfy constraint: Member must satisfy enum value set: [ALL, OR]");
  }
  core::throw_validation(condition_count == 0
                             ? "ConditionalOperator cannot be used without Filter or Expected"
                             : "ConditionalOperator can only be used when Filter or Expected has two or more elements");
}

}  // namespace stator::expression
