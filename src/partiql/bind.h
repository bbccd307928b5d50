#pragma once

#include "expression/condition_node.h"
#include "expression/expression.h"
#include "partiql/values.h"

/// A statement with its parameters, as the conditions, projections and updates that every other operation uses. Nothing
/// here knows the table. Throws ValidationException in the service's words.
namespace stator::partiql {

/// The attribute or document path of a node. Throws where it is no path, has a step that is no name or index, or is
/// longer than 32 steps.
expression::Path bind_path(const Statement& statement, const Node& node);

/// The WHERE clause.
expression::ConditionNode bind_where(const Statement& statement, Parameters parameters);

/// SET and REMOVE of an UPDATE.
expression::Update bind_update(const Statement& statement, Parameters parameters);

}  // namespace stator::partiql
