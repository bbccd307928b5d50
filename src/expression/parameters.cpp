#include "expression/parameters.h"

#include <string>
#include <vector>

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

std::string join(std::span<const std::string_view> names, std::string_view separator) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

}  // namespace

void check_expression_parameters(const json::Object& request, std::span<const std::string_view> expression_names,
                                 std::span<const std::string_view> legacy_names, bool names_expressions) {
  std::vector<std::string_view> expressions;
  for (const std::string_view name : expression_names) {
    if (has(request, name)) expressions.push_back(name);
  }
  if (!expressions.empty()) {
    std::vector<std::string_view> legacy;
    for (const std::string_view name : legacy_names) {
      if (!has(request, name)) continue;
      if (name == kKeyConditions && !has(request, kKeyCondition)) continue;
      legacy.push_back(name);
    }
    if (!legacy.empty()) {
      core::throw_validation(
          "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
          "{" +
          join(legacy, ", ") + "} Expression parameters: {" + join(expressions, ", ") + "}");
    }
  }
  if (expressions.empty() && has(request, "ExpressionAttributeNames")) {
    core::throw_validation("ExpressionAttributeNames can only be specified when using expressions");
  }
  std::vector<std::string_view> with_values;
  bool any_with_values = false;
  for (const std::string_view name : expression_names) {
    if (name == kProjection) continue;
    with_values.push_back(name);
    any_with_values = any_with_values || has(request, name);
  }
  if (!with_values.empty() && !any_with_values && has(request, "ExpressionAttributeValues")) {
    std::string message = "ExpressionAttributeValues can only be specified when using expressions";
    if (names_expressions) {
      message.append(": ").append(join(with_values, " and ")).append(with_values.size() > 1 ? " are null" : " is null");
    }
    core::throw_validation(std::move(message));
  }
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
