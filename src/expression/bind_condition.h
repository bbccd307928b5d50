#pragma once

#include "expression/condition_node.h"

namespace stator::expression {

/// Binds the tree of a condition (of any kind) to names and values. As in the service, each comparison is checked
/// completely before the next one: names and values, number of operands, distinct operands, operand types.
ConditionNode bind_tree(ExpressionKind kind, const SyntaxTree& tree, Bindings& bindings);

}  // namespace stator::expression
