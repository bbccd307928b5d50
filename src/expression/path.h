#pragma once

#include <span>

#include "expression/expression.h"
#include "expression/syntax.h"

namespace stator::expression {

/// "[a, b, [1]]", as the service writes a path in its errors.
std::string to_text(const Path& path);

/// Throws where two of the paths overlap (one is the other, or leads to it) or conflict (one takes a list for what the
/// other takes for a map). As in the service, the pair that was written last is the one reported.
void check_disjoint(ExpressionKind kind, std::span<const Path> paths);

/// A path with its #names looked up. Throws where one is not defined, or where the path is longer than 32 steps.
Path bind_path(ExpressionKind kind, const SyntaxTree& tree, const SyntaxNode& node, Bindings& bindings);

/// The value behind a :placeholder. Throws where it is not defined.
const core::AttributeValue& bind_value(ExpressionKind kind, const SyntaxNode& node, Bindings& bindings);

/// The value at `steps` below `value`, or null.
const core::AttributeValue* resolve_steps(const core::AttributeValue* value, std::span<const PathStep> steps);

}  // namespace stator::expression
