#include "expression/bind_condition.h"

#include <algorithm>

#include "core/limits.h"
#include "expression/operand_types.h"
#include "expression/path.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;

std::size_t parameter_count(Function function) {
  switch (function) {
    case Function::kAttributeExists:
    case Function::kAttributeNotExists:
    case Function::kSize:
      return 1;
    default:
      return 2;
  }
}

Test test_of(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return Test::kEqual;
    case Operator::kNotEqual:
      return Test::kNotEqual;
    case Operator::kLess:
      return Test::kLess;
    case Operator::kLessOrEqual:
      return Test::kLessOrEqual;
    case Operator::kGreater:
      return Test::kGreater;
    default:
      return Test::kGreaterOrEqual;
  }
}

Test test_of(Function function) {
  switch (function) {
    case Function::kAttributeExists:
      return Test::kExists;
    case Function::kAttributeNotExists:
      return Test::kNotExists;
    case Function::kAttributeType:
      return Test::kHasType;
    case Function::kBeginsWith:
      return Test::kBeginsWith;
    default:
      return Test::kContains;
  }
}

/// A bound as the service's Java writes it.
std::string bound_text(const AttributeValue& value) {
  std::string text = "AttributeValue: {";
  text.append(core::type_name(value.type())).append(":");
  if (const auto* string = value.get_if<std::string>()) {
    text += *string;
  } else if (const auto* number = value.get_if<core::Number>()) {
    number->append_to(text);
  } else if (const auto* binary = value.get_if<AttributeValue::Binary>()) {
    const std::string size = std::to_string(binary->bytes.size());
    text += "java.nio.HeapByteBuffer[pos=0 lim=" + size + " cap=" + size + "]";
  }
  return text + "}";
}

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
  /// One comparison or function call with its operands.
  ConditionNode bind_single(const SyntaxNode& node) {
    ConditionNode bound;
    bound.operands.reserve(node.count);
    for (const NodeId child : tree_.children(node)) bound.operands.push_back(bind_operand(tree_.nodes[child]));
    check_counts(node);
    check_distinct(node, bound);
    for (const NodeId child : tree_.children(node)) check_inner_calls(tree_.nodes[child]);
    switch (node.kind) {
      case NodeKind::kCompare:
        bound.test = test_of(node.op);
        if (node.op != Operator::kEqual && node.op != Operator::kNotEqual) {
          check_types(bound, operator_text(node.op), TypeSet::scalars());
        }
        break;
      case NodeKind::kBetween:
        bound.test = Test::kBetween;
        check_types(bound, "BETWEEN", TypeSet::scalars());
        check_bounds(bound);
        break;
      case NodeKind::kIn:
        bound.test = Test::kIn;
        sort_candidates(bound);
        break;
      default:
        bound.test = test_of(node.function);
        check_call(node.function, bound);
        break;
    }
    return bound;
  }

  /// Looks up the names and values of an operand, even of one that turns out to be misused.
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
    if (node.kind == NodeKind::kCall && node.count != parameter_count(node.function)) {
      throw_invalid(kind_, "Incorrect number of operands for operator or function; operator or function: " +
                               std::string(node.text) + ", number of operands: " + std::to_string(node.count));
    }
    if (node.kind == NodeKind::kIn && node.count - 1 > core::kMaxInOperands) {
      throw_invalid(kind_, "The IN operator is provided with too many operands; number of operands: " +
                               std::to_string(node.count - 1));
    }
  }

  void check_distinct(const SyntaxNode& node, const ConditionNode& bound) const {
    const Operand& first = bound.operands.front();
    const auto* path = std::get_if<Path>(&first.source);
    if (path == nullptr || first.size) return;
    for (std::size_t i = 1; i < bound.operands.size(); ++i) {
      const auto* other = std::get_if<Path>(&bound.operands[i].source);
      if (other == nullptr || bound.operands[i].size || !(*other == *path)) continue;
      throw_invalid(kind_,
                    "The first operand must be distinct from the remaining operands for this operator or function; "
                    "operator: " +
                        std::string(name_of(node)) + ", first operand: " + to_text(*path));
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

  /// size() inside another operand: its own operand must have a size. The innermost is checked first.
  void check_inner_calls(const SyntaxNode& node) const {
    if (node.kind != NodeKind::kCall) return;
    const SyntaxNode& inner = tree_.child(node, 0);
    check_inner_calls(inner);
    AttributeType type = AttributeType::kNumber;  // of size() itself
    if (inner.kind == NodeKind::kPath) return;
    if (inner.kind == NodeKind::kValue) type = bindings_.value(inner.text)->type();
    if (!TypeSet::with_size().has(type)) throw_operand_type(kind_, "size", type);
  }

  void check_types(const ConditionNode& bound, std::string_view name, TypeSet allowed) const {
    for (const Operand& operand : bound.operands) {
      const auto type = static_type(operand);
      if (type && !allowed.has(*type)) throw_operand_type(kind_, name, *type);
    }
  }

  /// The type of an operand that does not come from the item.
  [[nodiscard]] static std::optional<AttributeType> static_type(const Operand& operand) {
    if (operand.size) return AttributeType::kNumber;
    const auto* value = std::get_if<SharedValue>(&operand.source);
    return value == nullptr ? std::nullopt : std::optional((*value)->type());
  }

  void check_bounds(const ConditionNode& bound) const {
    const auto* lower_value = std::get_if<SharedValue>(&bound.operands[1].source);
    const auto* upper_value = std::get_if<SharedValue>(&bound.operands[2].source);
    if (lower_value == nullptr || upper_value == nullptr || bound.operands[1].size || bound.operands[2].size) return;
    const AttributeValue* lower = lower_value->get();
    const AttributeValue* upper = upper_value->get();
    std::string fault;
    if (lower->type() != upper->type()) {
      fault = "The BETWEEN operator requires same data type for lower and upper bounds; ";
    } else if (const auto order = core::compare(*lower, *upper); order && *order > 0) {
      fault = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ";
    } else {
      return;
    }
    throw_invalid(
        kind_, fault + "lower bound operand: " + bound_text(*lower) + ", upper bound operand: " + bound_text(*upper));
  }

  void check_call(Function function, ConditionNode& bound) const {
    if (function == Function::kBeginsWith) check_types(bound, "begins_with", TypeSet::with_prefix());
    // attribute_type takes any first operand, though the documentation speaks of a path.
    if (function == Function::kAttributeType) bound.type = attribute_type(bound.operands[1]);
    if (function != Function::kAttributeExists && function != Function::kAttributeNotExists) return;
    const Operand& first = bound.operands.front();
    if (first.size || !std::holds_alternative<Path>(first.source)) {
      throw_invalid(kind_, "Operator or function requires a document path; operator or function: " +
                               std::string(function_name(function)));
    }
  }

  [[nodiscard]] AttributeType attribute_type(const Operand& operand) const {
    const auto type = static_type(operand);
    if (!type) {
      throw_invalid(kind_,
                    "Incorrect operand type for operator or function; operator or function: attribute_type, "
                    "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
    }
    if (*type != AttributeType::kString) throw_operand_type(kind_, "attribute_type", *type);
    const std::string& name = *std::get<SharedValue>(operand.source)->get_if<std::string>();
    const auto named = core::type_from_name(name);
    if (!named) {
      throw_invalid(
          kind_, "Invalid attribute type name found; type: " + name + ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
    }
    return *named;
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
