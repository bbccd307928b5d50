#pragma once

#include "expression/condition_node.h"

namespace stator::expression {

/// Binds the tree of a condition (of any kind) to names and values. Each single comparison is checked whole before the
/// next one: names and values, numbers of operands, distinct operands, operand types; as the service does.
ConditionNode bind_tree(ExpressionKind kind, const SyntaxTree& tree, Bindings& bindings);

}  // namespace stator::expression
