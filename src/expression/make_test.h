#pragma once

#include <string_view>
#include <vector>

#include "expression/condition_node.h"

/// Makes single tests from bound operands, with the service's checks.
namespace stator::expression {

Test test_of(Operator op);
/// For a function that is a condition by itself, so not for size, if_not_exists or list_append.
Test test_of(Function function);

/// How many operands the function takes.
std::size_t parameter_count(Function function);

/// Throws if the number of operands is wrong; `name` is the function's name as written.
void check_operand_count(ExpressionKind kind, Function function, std::string_view name, std::size_t count);

/// Throws if a later operand is the same attribute as the first one. `name` is the operator or function in the error.
void check_distinct(ExpressionKind kind, std::string_view name, const std::vector<Operand>& operands);

/// Makes a test of the operands. Throws if there are too many candidates (IN), if the test does not take the type of an
/// operand that does not come from the item, if the bounds of a BETWEEN do not fit together, or if a function needs a
/// path.
ConditionNode make_test(ExpressionKind kind, Test test, std::string_view name, std::vector<Operand> operands);

}  // namespace stator::expression
