#include "expression/legacy.h"

#include <unordered_set>

#include "core/api_error.h"
#include "expression/legacy_comparison.h"
#include "expression/operand_types.h"
#include "expression/parameters.h"
#include "expression/update_program.h"
#include "json/item.h"
#include "json/scalars.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;

/// Unwraps a member whose JSON type check_shape has already checked.
template <class T>
T require(simdjson::simdjson_result<T> result) {
  T value;
  if (std::move(result).get(value) != simdjson::SUCCESS) core::throw_serialization("Unexpected JSON type");
  return value;
}

std::optional<json::Value> member(const json::Object& object, std::string_view name) {
  json::Value value;
  return json::find_member(object, name, value) ? std::optional(value) : std::nullopt;
}

std::string_view string_member(const json::Object& object, std::string_view name) {
  const auto value = member(object, name);
  return value ? require(value->get_string()) : std::string_view();
}

struct Comparison {
  std::string_view comparison_operator;
  std::vector<AttributeValue> arguments;
};

/// Reads one condition of QueryFilter, ScanFilter or KeyConditions.
Comparison read_comparison(const json::Object& condition, const json::ValueRules& rules) {
  Comparison comparison;
  comparison.comparison_operator = string_member(condition, "ComparisonOperator");
  if (const auto list = member(condition, "AttributeValueList")) {
    comparison.arguments = read_arguments(require(list->get_array()), rules);
  }
  check_arguments(comparison.comparison_operator, comparison.arguments);
  return comparison;
}

/// Reads a condition of Expected with a ComparisonOperator.
ConditionNode expected_comparison(std::string_view attribute, std::string_view comparison_operator,
                                  const std::optional<json::Value>& value, const std::optional<json::Value>& list,
                                  const json::ValueRules& rules) {
  if (comparison_operator != "NULL" && comparison_operator != "NOT_NULL" && !value && !list) {
    core::throw_invalid_parameters("Value or AttributeValueList must be used with ComparisonOperator: " +
                                   std::string(comparison_operator) + " for Attribute: " + std::string(attribute));
  }
  std::vector<AttributeValue> arguments;
  if (list) {
    arguments = read_arguments(require(list->get_array()), rules);
  } else if (value) {
    arguments.push_back(json::read_value(*value, rules));
  }
  check_arguments(comparison_operator, arguments);
  return legacy_test(attribute, comparison_operator, std::move(arguments));
}

/// Reads a condition of Expected with Exists or Value, or both.
ConditionNode expected_value(std::string_view attribute, const std::optional<json::Value>& exists,
                             const std::optional<json::Value>& value, const json::ValueRules& rules) {
  const bool must_exist = !exists || json::read_boolean(*exists);
  if (must_exist && !value) {
    core::throw_invalid_parameters(std::string("Value must be provided when Exists is ") + (exists ? "true" : "null") +
                                   " for Attribute: " + std::string(attribute));
  }
  if (!must_exist && value) {
    core::throw_invalid_parameters("Value cannot be used when Exists is false for Attribute: " +
                                   std::string(attribute));
  }
  std::vector<AttributeValue> arguments;
  if (value) arguments.push_back(json::read_value(*value, rules));
  return legacy_test(attribute, must_exist ? "EQ" : "NULL", std::move(arguments));
}

ConditionNode read_expected(std::string_view attribute, const json::Object& condition, const json::ValueRules& rules) {
  const auto value = member(condition, "Value");
  const auto list = member(condition, "AttributeValueList");
  const auto exists = member(condition, "Exists");
  const std::string_view comparison_operator = string_member(condition, "ComparisonOperator");
  if (list && value) {
    core::throw_invalid_parameters("Value and AttributeValueList cannot be used together for Attribute: " +
                                   std::string(attribute));
  }
  if (!comparison_operator.empty()) {
    if (exists) {
      core::throw_invalid_parameters("Exists and ComparisonOperator cannot be used together for Attribute: " +
                                     std::string(attribute));
    }
    return expected_comparison(attribute, comparison_operator, value, list, rules);
  }
  if (list) {
    core::throw_invalid_parameters("AttributeValueList can only be used with a ComparisonOperator for Attribute: " +
                                   std::string(attribute));
  }
  return expected_value(attribute, exists, value, rules);
}

KeyOperator key_operator(std::string_view comparison_operator) {
  if (comparison_operator == "EQ") return KeyOperator::kEqual;
  if (comparison_operator == "LT") return KeyOperator::kLess;
  if (comparison_operator == "LE") return KeyOperator::kLessOrEqual;
  if (comparison_operator == "GT") return KeyOperator::kGreater;
  if (comparison_operator == "GE") return KeyOperator::kGreaterOrEqual;
  if (comparison_operator == "BETWEEN") return KeyOperator::kBetween;
  if (comparison_operator == "BEGINS_WITH") return KeyOperator::kBeginsWith;
  return KeyOperator::kNotIndexable;
}

UpdateAction read_update(const json::Object& update, const json::ValueRules& rules) {
  UpdateAction action;
  const auto value = member(update, "Value");
  std::string_view name = string_member(update, "Action");
  if (name.empty()) name = "PUT";
  action.value.value =
      std::make_shared<const AttributeValue>(value ? json::read_value(*value, rules) : AttributeValue());
  if (!value && name != "DELETE") {
    core::throw_invalid_parameters("Only DELETE action is allowed when no attribute value is specified");
  }
  const AttributeType type = action.value.value->type();
  const std::string type_text(core::type_name(type));
  if (name == "DELETE") {
    action.kind = value ? UpdateAction::Kind::kDelete : UpdateAction::Kind::kRemove;
    if (value && !TypeSet::sets().has(type)) {
      core::throw_invalid_parameters("DELETE action with value is not supported for the type " + type_text);
    }
  } else if (name == "ADD") {
    action.kind = UpdateAction::Kind::kAdd;
    if (!TypeSet::sets().has(type) && type != AttributeType::kNumber && type != AttributeType::kList) {
      core::throw_invalid_parameters("ADD action is not supported for the type " + type_text);
    }
  }
  return action;
}

}  // namespace

Condition condition_from_expected(const json::Object& expected, std::string_view conditional_operator,
                                  const json::ValueRules& rules) {
  std::vector<ConditionNode> tests;
  if (!rules.older) check_conditional_operator(conditional_operator, expected.size());
  for (const auto [attribute, condition] : expected) {
    tests.push_back(read_expected(attribute, require(condition.get_object()), rules));
    json::check_attribute_name(attribute);
  }
  check_conditional_operator(conditional_operator, tests.size());
  return combine(std::move(tests), conditional_operator);
}

Condition condition_from_filter(const json::Object& filter, std::string_view conditional_operator,
                                const json::ValueRules& rules) {
  std::vector<ConditionNode> tests;
  if (!rules.older) check_conditional_operator(conditional_operator, filter.size());
  for (const auto [attribute, condition] : filter) {
    Comparison comparison = read_comparison(require(condition.get_object()), rules);
    tests.push_back(legacy_test(attribute, comparison.comparison_operator, std::move(comparison.arguments)));
    json::check_attribute_name(attribute);
  }
  check_conditional_operator(conditional_operator, tests.size());
  return combine(std::move(tests), conditional_operator);
}

KeyCondition key_condition_from_key_conditions(const json::Object& key_conditions) {
  KeyCondition condition;
  condition.legacy = true;
  for (const auto [attribute, member] : key_conditions) {
    Comparison comparison = read_comparison(require(member.get_object()), json::kCurrentRules);
    KeyPredicate predicate;
    predicate.attribute = attribute;
    predicate.op = key_operator(comparison.comparison_operator);
    if (!comparison.arguments.empty()) predicate.first = std::move(comparison.arguments.front());
    if (comparison.arguments.size() > 1) predicate.second = std::move(comparison.arguments[1]);
    condition.predicates.push_back(std::move(predicate));
  }
  return condition;
}

Update update_from_attribute_updates(const json::Object& attribute_updates, const json::ValueRules& rules) {
  auto program = std::make_shared<UpdateProgram>();
  program->legacy = true;
  for (const auto [attribute, update] : attribute_updates) {
    UpdateAction action = read_update(require(update.get_object()), rules);
    json::check_attribute_name(attribute);
    action.path = program->paths.size();
    program->actions.push_back(std::move(action));
    program->paths.push_back(Path{std::string(attribute), {}});
  }
  return Update(std::move(program));
}

Projection projection_from_attributes_to_get(const json::Array& attributes) {
  std::vector<Path> paths;
  std::unordered_set<std::string_view> seen;
  for (const json::Value& attribute : attributes) {
    const std::string_view name = require(attribute.get_string());
    if (!seen.insert(name).second) {
      core::throw_invalid_parameters("Duplicate value in attribute name: " + std::string(name));
    }
    json::check_attribute_name(name);
    paths.push_back(Path{std::string(name), {}});
  }
  return Projection(std::move(paths));
}

}  // namespace stator::expression
