#pragma once

#include <string_view>
#include <vector>

#include "expression/condition_node.h"

/// Makes single tests of bound operands, with the service's checks.
namespace stator::expression {

Test test_of(Operator op);
/// For a function that is a condition by itself: not for size, if_not_exists, list_append.
Test test_of(Function function);

/// How many operands the function takes.
std::size_t parameter_count(Function function);

/// Throws where the function is given another number of operands than it takes; `name` as written.
void check_operand_count(ExpressionKind kind, Function function, std::string_view name, std::size_t count);

/// Throws where an operand after the first one is the same attribute as the first. `name` is what the error calls the
/// operator or function.
void check_distinct(ExpressionKind kind, std::string_view name, const std::vector<Operand>& operands);

/// A test of the operands. Throws where there are too many candidates (IN), where an operand that does not come from
/// the item has no type that the test takes, where the bounds of a BETWEEN do not fit together, where a function needs
/// a path.
ConditionNode make_test(ExpressionKind kind, Test test, std::string_view name, std::vector<Operand> operands);

}  // namespace stator::expression
