#pragma once

#include "expression/syntax.h"

namespace stator::expression {

/// Makes the checks of a parsed text that need neither names nor values, in the order written: reserved words, list
/// indexes, function names, functions where they are not allowed, repeated sections. Fills in what they determine (the
/// index of each list step, the function of each call). Throws the service's ValidationException at the first fault.
void check_statically(ExpressionKind kind, SyntaxTree& tree);

}  // namespace stator::expression
