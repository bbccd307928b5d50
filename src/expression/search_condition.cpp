#include "expression/search_condition.h"

#include <algorithm>

#include "expression/bind_condition.h"

namespace stator::expression {
namespace {

[[noreturn]] void refuse(std::string_view what) { throw_invalid(ExpressionKind::kSearch, std::string(what)); }

[[noreturn]] void refuse_use_of(std::string_view what) {
  refuse(std::string(what) + " used in SearchConditionExpression");
}

bool compares(Test test) {
  return test == Test::kNotEqual || test == Test::kLess || test == Test::kLessOrEqual || test == Test::kGreater ||
         test == Test::kGreaterOrEqual;
}

void add_equality(const ConditionNode& node, SearchCondition& condition) {
  const Path* path = nullptr;
  const SharedValue* value = nullptr;
  for (const Operand& operand : node.operands) {
    if (operand.size) refuse_use_of("Invalid operator");
    if (const auto* named = std::get_if<Path>(&operand.source)) path = named;
    if (const auto* given = std::get_if<SharedValue>(&operand.source)) value = given;
  }
  if (path == nullptr || value == nullptr) refuse_use_of("Invalid operator");
  if (!path->steps.empty()) refuse("SearchConditionExpression cannot have conditions on nested attributes");
  const auto names_it = [&](const auto& other) { return other.attribute == path->attribute; };
  if (std::ranges::any_of(condition.equalities, names_it)) {
    refuse("SearchConditionExpression must only contain one condition per attribute");
  }
  condition.equalities.push_back({path->attribute, **value});
}

void add(const ConditionNode& node, SearchCondition& condition) {
  if (node.test == Test::kAnd) {
    for (const ConditionNode& child : node.children) add(child, condition);
    return;
  }
  // Source: the service's answers to each operator, August 2026.
  if (compares(node.test)) refuse_use_of("Invalid comparator");
  if (node.test != Test::kEqual) refuse_use_of("Invalid operator");
  add_equality(node, condition);
}

}  // namespace

SearchCondition bind_search_condition(std::string_view text, Bindings& bindings) {
  const SharedSyntax tree = parse_cached(ExpressionKind::kSearch, text);
  SearchCondition condition;
  add(bind_tree(ExpressionKind::kSearch, *tree, bindings), condition);
  return condition;
}

}  // namespace stator::expression
