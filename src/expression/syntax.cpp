#include "expression/syntax.h"

#include "core/api_error.h"

namespace stator::expression {

std::string_view expression_name(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::kCondition:
      return "ConditionExpression";
    case ExpressionKind::kFilter:
      return "FilterExpression";
    case ExpressionKind::kKeyCondition:
      return "KeyConditionExpression";
    case ExpressionKind::kProjection:
      return "ProjectionExpression";
    case ExpressionKind::kUpdate:
      return "UpdateExpression";
    case ExpressionKind::kSearch:
      return "SearchConditionExpression";
    case ExpressionKind::kStatement:
      break;
  }
  return {};
}

void throw_invalid(ExpressionKind kind, std::string_view message) {
  if (kind == ExpressionKind::kStatement) core::throw_validation(std::string(message));
  std::string text = "Invalid ";
  text.append(expression_name(kind)).append(": ").append(message);
  core::throw_validation(std::move(text));
}

std::string_view operator_text(Operator op) {
  constexpr std::string_view kTexts[] = {"=", "<>", "<", "<=", ">", ">=", "+", "-"};
  return kTexts[static_cast<std::size_t>(op)];
}

std::string_view function_name(Function function) {
  constexpr std::string_view kNames[] = {
      "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size",
      "if_not_exists",    "list_append"};
  return kNames[static_cast<std::size_t>(function)];
}

std::string_view section_name(Section section) {
  constexpr std::string_view kNames[] = {"SET", "REMOVE", "ADD", "DELETE"};
  return kNames[static_cast<std::size_t>(section)];
}

std::size_t SyntaxTree::size_bytes() const {
  return sizeof(SyntaxTree) + text.capacity() + nodes.capacity() * sizeof(SyntaxNode) +
         links.capacity() * sizeof(NodeId) + steps.capacity() * sizeof(SyntaxStep) +
         projection.capacity() * sizeof(NodeId) + updates.capacity() * sizeof(UpdateSyntax);
}

}  // namespace stator::expression
