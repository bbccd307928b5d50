#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/attribute_value.h"
#include "expression/condition_node.h"
#include "json/item.h"
#include "json/reader.h"

namespace stator::expression {

/// Reads and checks the members of AttributeValueList.
std::vector<core::AttributeValue> read_arguments(const json::Array& list, const json::ValueRules& rules);

/// Checks the arguments of a legacy ComparisonOperator: their number, that all have one type, that the operator takes
/// that type, the order of BETWEEN's bounds. Throws ValidationException.
void check_arguments(std::string_view comparison_operator, const std::vector<core::AttributeValue>& arguments);

/// Makes the test "attribute comparison_operator arguments" of checked arguments.
ConditionNode legacy_test(std::string_view attribute, std::string_view comparison_operator,
                          std::vector<core::AttributeValue> arguments);

/// A condition that is true if all (or any) of the tests are; with no tests it is true.
Condition combine(std::vector<ConditionNode> tests, std::string_view conditional_operator);

}  // namespace stator::expression
