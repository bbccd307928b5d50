#include "expression/legacy_comparison.h"

#include "core/api_error.h"
#include "expression/operand_types.h"
#include "json/item.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;

constexpr std::size_t kAny = static_cast<std::size_t>(-1);

constexpr TypeSet kAllTypes = {AttributeType::kString,    AttributeType::kNumber,    AttributeType::kBinary,
                               AttributeType::kStringSet, AttributeType::kNumberSet, AttributeType::kBinarySet,
                               AttributeType::kMap,       AttributeType::kList,      AttributeType::kBoolean,
                               AttributeType::kNull};
constexpr TypeSet kContainable = {AttributeType::kString, AttributeType::kNumber, AttributeType::kBinary,
                                  AttributeType::kBoolean, AttributeType::kNull};

/// Source: API reference, "Condition".
struct Comparison {
  std::string_view name;
  Test test;
  std::size_t min_arguments;
  std::size_t max_arguments;
  TypeSet types;
};

constexpr Comparison kComparisons[] = {
    {"EQ", Test::kEqual, 1, 1, kAllTypes},
    {"NE", Test::kNotEqual, 1, 1, kAllTypes},
    {"LE", Test::kLessOrEqual, 1, 1, TypeSet::scalars()},
    {"LT", Test::kLess, 1, 1, TypeSet::scalars()},
    {"GE", Test::kGreaterOrEqual, 1, 1, TypeSet::scalars()},
    {"GT", Test::kGreater, 1, 1, TypeSet::scalars()},
    {"NOT_NULL", Test::kExists, 0, 0, kAllTypes},
    {"NULL", Test::kNotExists, 0, 0, kAllTypes},
    {"CONTAINS", Test::kContains, 1, 1, kContainable},
    {"NOT_CONTAINS", Test::kNotContains, 1, 1, kContainable},
    {"BEGINS_WITH", Test::kBeginsWith, 1, 1, TypeSet::with_prefix()},
    {"IN", Test::kIn, 1, kAny, TypeSet::scalars()},
    {"BETWEEN", Test::kBetween, 2, 2, TypeSet::scalars()},
};

const Comparison& comparison_named(std::string_view name) {
  for (const Comparison& comparison : kComparisons) {
    if (comparison.name == name) return comparison;
  }
  core::throw_validation("Unsupported ComparisonOperator: " + std::string(name));
}

}  // namespace

std::vector<AttributeValue> read_arguments(const json::Array& list, const json::ValueRules& rules) {
  std::vector<AttributeValue> arguments;
  for (const json::Value& value : list) arguments.push_back(json::read_value(value, rules));
  return arguments;
}

void check_arguments(std::string_view comparison_operator, const std::vector<AttributeValue>& arguments) {
  const Comparison& comparison = comparison_named(comparison_operator);
  const std::string name(comparison_operator);
  if (arguments.size() < comparison.min_arguments || arguments.size() > comparison.max_arguments) {
    core::throw_invalid_parameters("Invalid number of argument(s) for the " + name + " ComparisonOperator");
  }
  for (const AttributeValue& argument : arguments) {
    if (argument.type() != arguments.front().type()) {
      core::throw_invalid_parameters("AttributeValues inside AttributeValueList must be of same type");
    }
  }
  for (const AttributeValue& argument : arguments) {
    if (comparison.types.has(argument.type())) continue;
    core::throw_invalid_parameters("ComparisonOperator " + name + " is not valid for " +
                                   std::string(core::type_name(argument.type())) + " AttributeValue type");
  }
  if (comparison.test != Test::kBetween) return;
  const auto order = core::compare(arguments[0], arguments[1]);
  if (order && *order > 0) {
    core::throw_validation(
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
  }
}

ConditionNode legacy_test(std::string_view attribute, std::string_view comparison_operator,
                          std::vector<AttributeValue> arguments) {
  ConditionNode node;
  node.test = comparison_named(comparison_operator).test;
  node.operands.reserve(arguments.size() + 1);
  node.operands.push_back({Path{std::string(attribute), {}}, false});
  for (AttributeValue& argument : arguments) {
    node.operands.push_back({std::make_shared<const AttributeValue>(std::move(argument)), false});
  }
  if (node.test == Test::kIn) sort_candidates(node);
  return node;
}

Condition combine(std::vector<ConditionNode> tests, std::string_view conditional_operator) {
  auto root = std::make_shared<ConditionNode>();
  if (!tests.empty()) {
    root->test = conditional_operator == "OR" ? Test::kOr : Test::kAnd;
    root->children = std::move(tests);
    index_children(*root);
  }
  return Condition(std::move(root));
}

}  // namespace stator::expression
