#include "expression/bind_condition.h"

#include "core/limits.h"
#include "expression/make_test.h"
#include "expression/operand_types.h"
#include "expression/path.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;

class Binder {
 public:
  Binder(ExpressionKind kind, const SyntaxTree& tree, Bindings& bindings)
      : kind_(kind), tree_(tree), bindings_(bindings) {}

  ConditionNode bind(const SyntaxNode& node) {
    ConditionNode bound;
    switch (node.kind) {
      case NodeKind::kAnd:
        bound.test = Test::kAnd;
        break;
      case NodeKind::kOr:
        bound.test = Test::kOr;
        break;
      case NodeKind::kNot:
        bound.test = Test::kNot;
        break;
      default:
        return bind_single(node);
    }
    bound.children.reserve(node.count);
    for (const NodeId child : tree_.children(node)) bound.children.push_back(bind(tree_.nodes[child]));
    return bound;
  }

 private:
  /// Binds one comparison or function call with its operands.
  ConditionNode bind_single(const SyntaxNode& node) {
    std::vector<Operand> operands;
    operands.reserve(node.count);
    for (const NodeId child : tree_.children(node)) operands.push_back(bind_operand(tree_.nodes[child]));
    check_counts(node);
    check_distinct(kind_, name_of(node), operands);
    for (const NodeId child : tree_.children(node)) check_inner_calls(tree_.nodes[child]);
    return make_test(kind_, test_of(node), name_of(node), std::move(operands));
  }

  [[nodiscard]] static Test test_of(const SyntaxNode& node) {
    switch (node.kind) {
      case NodeKind::kCompare:
        return expression::test_of(node.op);
      case NodeKind::kBetween:
        return Test::kBetween;
      case NodeKind::kIn:
        return Test::kIn;
      default:
        return expression::test_of(node.function);
    }
  }

  /// Looks up the names and values of an operand, even if it turns out to be misused.
  Operand bind_operand(const SyntaxNode& node) {
    if (node.kind == NodeKind::kPath) return {bind_path(kind_, tree_, node, bindings_), false};
    if (node.kind == NodeKind::kValue) return {bind_value(kind_, node, bindings_), false};
    Operand first;
    bool is_first = true;
    for (const NodeId child : tree_.children(node)) {
      Operand operand = bind_operand(tree_.nodes[child]);
      if (is_first) first = std::move(operand);
      is_first = false;
    }
    first.size = true;
    return first;
  }

  void check_counts(const SyntaxNode& node) const {
    for (const NodeId child : tree_.children(node)) {
      if (tree_.nodes[child].kind == NodeKind::kCall) check_counts(tree_.nodes[child]);
    }
    if (node.kind == NodeKind::kCall) check_operand_count(kind_, node.function, node.text, node.count);
    if (node.kind == NodeKind::kIn && node.count - 1 > core::kMaxInOperands) {
      throw_invalid(kind_, "The IN operator is provided with too many operands; number of operands: " +
                               std::to_string(node.count - 1));
    }
  }

  [[nodiscard]] static std::string_view name_of(const SyntaxNode& node) {
    switch (node.kind) {
      case NodeKind::kBetween:
        return "BETWEEN";
      case NodeKind::kIn:
        return "IN";
      case NodeKind::kCall:
        return node.text;
      default:
        return operator_text(node.op);
    }
  }

  /// Checks size() inside another operand: its own operand must have a size. The innermost is checked first.
  void check_inner_calls(const SyntaxNode& node) const {
    if (node.kind != NodeKind::kCall) return;
    const SyntaxNode& inner = tree_.child(node, 0);
    check_inner_calls(inner);
    AttributeType type = AttributeType::kNumber;  // the type of size() itself
    if (inner.kind == NodeKind::kPath) return;
    if (inner.kind == NodeKind::kValue) type = bindings_.value(inner.text)->type();
    if (!TypeSet::with_size().has(type)) throw_operand_type(kind_, "size", type);
  }

  const ExpressionKind kind_;
  const SyntaxTree& tree_;
  Bindings& bindings_;
};

}  // namespace

ConditionNode bind_tree(ExpressionKind kind, const SyntaxTree& tree, Bindings& bindings) {
  return Binder(kind, tree, bindings).bind(tree.nodes[tree.root]);
}

Condition bind_condition(std::string_view text, ConditionKind kind, Bindings& bindings) {
  const ExpressionKind expression =
      kind == ConditionKind::kCondition ? ExpressionKind::kCondition : ExpressionKind::kFilter;
  const SharedSyntax tree = parse_cached(expression, text);
  return Condition(std::make_shared<const ConditionNode>(bind_tree(expression, *tree, bindings)));
}

}  // namespace stator::expression
