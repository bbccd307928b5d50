#include <charconv>

#include "core/api_error.h"
#include "core/limits.h"
#include "expression/make_test.h"
#include "expression/operand_types.h"
#include "partiql/bind.h"
#include "partiql/keywords.h"

namespace stator::partiql {
namespace {

using core::AttributeValue;
using core::throw_validation;
using expression::ConditionNode;
using expression::ExpressionKind;
using expression::Function;
using expression::Operand;
using expression::Test;

constexpr ExpressionKind kKind = ExpressionKind::kStatement;

/// The function of that name, if a condition may call it.
std::optional<Function> find_function(std::string_view name) {
  for (const Function function : {Function::kAttributeExists, Function::kAttributeNotExists, Function::kAttributeType,
                                  Function::kBeginsWith, Function::kContains, Function::kSize}) {
    if (is_same_word(name, expression::function_name(function))) return function;
  }
  return std::nullopt;
}

ConditionNode negated(ConditionNode node) {
  ConditionNode negation;
  negation.test = Test::kNot;
  negation.children.push_back(std::move(node));
  return negation;
}

class Binder {
 public:
  Binder(const Statement& statement, Parameters parameters) : statement_(statement), parameters_(parameters) {}

  ConditionNode condition(const Node& node) {
    switch (node.kind) {
      case NodeKind::kOr:
      case NodeKind::kAnd: {
        ConditionNode bound;
        bound.test = node.kind == NodeKind::kAnd ? Test::kAnd : Test::kOr;
        bound.children.reserve(node.children.size());
        for (const NodeId child : node.children) bound.children.push_back(condition(statement_.node(child)));
        return bound;
      }
      case NodeKind::kNot:
        return negated(condition(statement_.child(node, 0)));
      case NodeKind::kCompare:
        return comparison(node);
      case NodeKind::kBetween: {
        std::vector<Operand> bounds = operands(node);
        expression::check_distinct(kKind, "BETWEEN", bounds);
        ConditionNode bound = expression::make_test(kKind, Test::kBetween, "BETWEEN", std::move(bounds));
        return node.negated ? negated(std::move(bound)) : bound;
      }
      case NodeKind::kIn:
        return node.negated ? negated(membership(node)) : membership(node);
      case NodeKind::kIs:
        return node.negated ? negated(type_test(node)) : type_test(node);
      case NodeKind::kCall:
        return call(node);
      case NodeKind::kExists:
        throw_validation("EXISTS can only be used in ExecuteTransaction write requests.");
      default:
        refuse(node);
    }
  }

 private:
  [[noreturn]] static void refuse(const Node& node) { throw_unsupported(node); }

  static bool is_condition(const Node& node) {
    switch (node.kind) {
      case NodeKind::kOr:
      case NodeKind::kAnd:
      case NodeKind::kNot:
      case NodeKind::kCompare:
      case NodeKind::kBetween:
      case NodeKind::kIn:
      case NodeKind::kIs:
        return true;
      case NodeKind::kCall:
        return find_function(node.text) != Function::kSize;
      default:
        return false;
    }
  }

  ConditionNode comparison(const Node& node) {
    const Node& left = statement_.child(node, 0);
    const Node& right = statement_.child(node, 1);
    if (is_condition(left) && right.kind == NodeKind::kBoolean) return holds(node, left, right.truth);
    if (is_condition(right) && left.kind == NodeKind::kBoolean) return holds(node, right, left.truth);
    std::vector<Operand> both = operands(node);
    const std::string_view name = expression::operator_text(node.op);
    expression::check_distinct(kKind, name, both);
    return expression::make_test(kKind, expression::test_of(node.op), name, std::move(both));
  }

  /// Binds a condition that is compared with a boolean: attribute_exists(a) = true.
  ConditionNode holds(const Node& comparison, const Node& test, bool wanted) {
    if (comparison.op != Operator::kEqual && comparison.op != Operator::kNotEqual) refuse(comparison);
    ConditionNode bound = condition(test);
    return wanted == (comparison.op == Operator::kEqual) ? bound : negated(std::move(bound));
  }

  ConditionNode membership(const Node& node) {
    std::vector<Operand> all;
    all.push_back(operand(statement_.child(node, 0)));
    const Node& collection = statement_.child(node, 1);
    if (collection.kind == NodeKind::kList || collection.kind == NodeKind::kBag) {
      for (const NodeId child : collection.children) all.push_back(operand(statement_.node(child)));
    } else if (const auto* list = parameter_list(collection)) {
      for (const AttributeValue& element : *list) all.push_back({std::make_shared<const AttributeValue>(element)});
    } else {
      refuse(node);
    }
    if (all.size() - 1 > core::kMaxInOperands) {
      throw_validation("The IN operator is provided with too many operands; number of operands: " +
                       std::to_string(all.size() - 1));
    }
    expression::check_distinct(kKind, "IN", all);
    return expression::make_test(kKind, Test::kIn, "IN", std::move(all));
  }

  const AttributeValue::List* parameter_list(const Node& node) const {
    return node.kind == NodeKind::kParameter ? parameters_[node.parameter]->get_if<AttributeValue::List>() : nullptr;
  }

  /// Binds a IS MISSING, a IS STRING, …; NULL is the attribute type NULL, which a missing attribute does not have.
  ConditionNode type_test(const Node& node) {
    const Operand first = operand(statement_.child(node, 0));
    const auto one = [&](Test test, core::AttributeType type) {
      ConditionNode bound;
      bound.test = test;
      bound.type = type;
      bound.operands.push_back(first);
      return bound;
    };
    if (node.type_test->missing) return one(Test::kNotExists, {});
    ConditionNode any;
    any.test = Test::kOr;
    for (const auto type : node.type_test->types) any.children.push_back(one(Test::kHasType, type));
    return any.children.size() == 1 ? std::move(any.children.front()) : any;
  }

  ConditionNode call(const Node& node) {
    const auto function = find_function(node.text);
    if (!function) throw_at("Unrecognized function: " + lower_case(node.text), statement_.text, node.where);
    if (*function == Function::kSize) refuse(node);
    const std::string_view name = expression::function_name(*function);
    std::vector<Operand> all = operands(node);
    expression::check_operand_count(kKind, *function, name, all.size());
    expression::check_distinct(kKind, name, all);
    return expression::make_test(kKind, expression::test_of(*function), name, std::move(all));
  }

  std::vector<Operand> operands(const Node& node) {
    std::vector<Operand> all;
    all.reserve(node.children.size());
    for (const NodeId child : node.children) all.push_back(operand(statement_.node(child)));
    return all;
  }

  Operand operand(const Node& node) {
    if (node.kind == NodeKind::kPath) return {bind_path(statement_, node)};
    if (is_value(node)) return {bind_value(statement_, node, parameters_)};
    if (node.kind != NodeKind::kCall) refuse(node);
    const auto function = find_function(node.text);
    if (!function) throw_at("Unrecognized function: " + lower_case(node.text), statement_.text, node.where);
    if (*function != Function::kSize) refuse(node);
    expression::check_operand_count(kKind, *function, "size", node.children.size());
    Operand inner = operand(statement_.child(node, 0));
    if (inner.size) expression::throw_operand_type(kKind, "size", core::AttributeType::kNumber);
    if (const auto* value = std::get_if<expression::SharedValue>(&inner.source)) {
      if (!expression::TypeSet::with_size().has((*value)->type())) {
        expression::throw_operand_type(kKind, "size", (*value)->type());
      }
    }
    inner.size = true;
    return inner;
  }

  const Statement& statement_;
  const Parameters parameters_;
};

std::uint32_t list_index(const Statement& statement, const Step& step) {
  std::string_view digits = step.text;
  if (digits == "-0") digits.remove_prefix(1);
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc{} || end != digits.data() + digits.size() || index > core::kMaxListIndex) {
    throw_at("List index is not within the allowable range; index: [" + std::string(step.text) + "]", statement.text,
             step.where);
  }
  return index;
}

}  // namespace

expression::Path bind_path(const Statement& statement, const Node& node) {
  if (node.kind != NodeKind::kPath) throw_at("Unexpected path component", statement.text, node.where);
  expression::Path path;
  for (const Step& step : node.steps) {
    if (step.kind == Step::Kind::kOther || (step.kind == Step::Kind::kIndex && &step == node.steps.data())) {
      throw_at("Unexpected path component", statement.text, step.where);
    }
    if (&step == node.steps.data()) {
      path.attribute = step.text;
    } else if (step.kind == Step::Kind::kName) {
      path.steps.emplace_back(std::string(step.text));
    } else {
      path.steps.emplace_back(list_index(statement, step));
    }
  }
  if (node.steps.size() > core::kMaxNestingDepth) {
    throw_validation("The document path has too many nesting levels; nesting levels: " +
                     std::to_string(node.steps.size()));
  }
  return path;
}

ConditionNode bind_where(const Statement& statement, Parameters parameters) {
  return Binder(statement, parameters).condition(statement.node(*statement.where));
}

}  // namespace stator::partiql
