#pragma once

#include "expression/condition_node.h"
#include "expression/expression.h"
#include "partiql/values.h"

/// Binds a statement and its parameters to the conditions, projections and updates that all other operations use.
/// Nothing here knows the table. Throws ValidationException in the service's words.
namespace stator::partiql {

/// The attribute or document path of a node. Throws if the node is not a path, has a step that is neither a name nor an
/// index, or is longer than 32 steps.
expression::Path bind_path(const Statement& statement, const Node& node);

/// The WHERE clause.
expression::ConditionNode bind_where(const Statement& statement, Parameters parameters);

/// SET and REMOVE of an UPDATE statement.
expression::Update bind_update(const Statement& statement, Parameters parameters);

}  // namespace stator::partiql
