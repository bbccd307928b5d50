#include "expression/make_test.h"

#include "core/base64.h"
#include "expression/operand_types.h"
#include "expression/path.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;

/// A bound as the service's message shows it.
std::string bound_text(const AttributeValue& value) {
  std::string text = "AttributeValue: {";
  text.append(core::type_name(value.type())).append(":");
  if (const auto* string = value.get_if<std::string>()) {
    text += *string;
  } else if (const auto* number = value.get_if<core::Number>()) {
    number->append_to(text);
  } else if (const auto* binary = value.get_if<AttributeValue::Binary>()) {
    core::base64_append(binary->bytes, text);
  }
  return text + "}";
}

/// The type of an operand, if it does not come from the item.
std::optional<AttributeType> static_type(const Operand& operand) {
  if (operand.size) return AttributeType::kNumber;
  const auto* value = std::get_if<SharedValue>(&operand.source);
  return value == nullptr ? std::nullopt : std::optional((*value)->type());
}

void check_types(ExpressionKind kind, const ConditionNode& node, std::string_view name, TypeSet allowed) {
  for (const Operand& operand : node.operands) {
    const auto type = static_type(operand);
    if (type && !allowed.has(*type)) throw_operand_type(kind, name, *type);
  }
}

void check_bounds(ExpressionKind kind, const ConditionNode& node) {
  const auto* lower_value = std::get_if<SharedValue>(&node.operands[1].source);
  const auto* upper_value = std::get_if<SharedValue>(&node.operands[2].source);
  if (lower_value == nullptr || upper_value == nullptr || node.operands[1].size || node.operands[2].size) return;
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
  throw_invalid(kind,
                fault + "lower bound operand: " + bound_text(*lower) + ", upper bound operand: " + bound_text(*upper));
}

/// The type that attribute_type tests for.
AttributeType wanted_type(ExpressionKind kind, const Operand& operand) {
  const auto type = static_type(operand);
  if (!type) {
    throw_invalid(
        kind,
        "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: "
        "{S,SS,N,NS,B,BS,BOOL,NULL,L,M,HD,DOUBLE,FLOAT,HDS,FS,DOUBLESET,DICT,DECIMAL,INT,DECIMALSET,INTSET}");
  }
  if (*type != AttributeType::kString) throw_operand_type(kind, "attribute_type", *type);
  const std::string& name = *std::get<SharedValue>(operand.source)->get_if<std::string>();
  const auto named = core::type_from_name(name);
  if (!named) {
    // PartiQL lists the same types in a different order.
    throw_invalid(kind, "Invalid attribute type name found; type: " + name + ", valid types: " +
                            (kind == ExpressionKind::kStatement ? "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
                                                                : "{S,SS,N,NS,B,BS,BOOL,NULL,L,M}"));
  }
  return *named;
}

}  // namespace

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

void check_operand_count(ExpressionKind kind, Function function, std::string_view name, std::size_t count) {
  if (count == parameter_count(function)) return;
  throw_invalid(kind, "Incorrect number of operands for operator or function; operator or function: " +
                          std::string(name) + ", number of operands: " + std::to_string(count));
}

void check_distinct(ExpressionKind kind, std::string_view name, const std::vector<Operand>& operands) {
  if (operands.empty()) return;
  const Operand& first = operands.front();
  const auto* path = std::get_if<Path>(&first.source);
  if (path == nullptr || first.size) return;
  for (std::size_t i = 1; i < operands.size(); ++i) {
    const auto* other = std::get_if<Path>(&operands[i].source);
    if (other == nullptr || operands[i].size || !(*other == *path)) continue;
    throw_invalid(kind,
                  "The first operand must be distinct from the remaining operands for this operator or function; "
                  "operator: " +
                      std::string(name) + ", first operand: " + to_text(*path));
  }
}

ConditionNode make_test(ExpressionKind kind, Test test, std::string_view name, std::vector<Operand> operands) {
  ConditionNode node;
  node.test = test;
  node.operands = std::move(operands);
  switch (test) {
    case Test::kLess:
    case Test::kLessOrEqual:
    case Test::kGreater:
    case Test::kGreaterOrEqual:
      check_types(kind, node, name, TypeSet::scalars());
      break;
    case Test::kBetween:
      check_types(kind, node, name, TypeSet::scalars());
      check_bounds(kind, node);
      break;
    case Test::kIn:
      sort_candidates(node);
      break;
    case Test::kBeginsWith:
      check_types(kind, node, name, TypeSet::with_prefix());
      break;
    case Test::kHasType:
      // attribute_type accepts any first operand, although the documentation requires a path.
      node.type = wanted_type(kind, node.operands[1]);
      break;
    case Test::kExists:
    case Test::kNotExists:
      if (node.operands.front().size || !std::holds_alternative<Path>(node.operands.front().source)) {
        throw_invalid(kind,
                      "Operator or function requires a document path; operator or function: " + std::string(name));
      }
      break;
    default:
      break;
  }
  return node;
}

}  // namespace stator::expression
