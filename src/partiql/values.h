#pragma once

#include <span>

#include "expression/bindings.h"
#include "json/item.h"
#include "partiql/syntax.h"

namespace stator::partiql {

/// The values for a statement's `?`, in order.
using Parameters = std::span<const expression::SharedValue>;

/// Reads one parameter of the request ({"S":"a"}), by the older of the service's two layers of rules.
core::AttributeValue read_parameter(const json::Value& wire);

/// Throws "Number of parameters in request and statement don't match." if the statement has more `?` than there are
/// parameters; surplus parameters are ignored, as in the service.
void check_parameters(const Statement& statement, Parameters parameters);

/// Whether the node is a value: a literal, or a parameter.
bool is_value(const Node& node);

/// The value of a literal or parameter. Throws ValidationException for numbers that DynamoDB cannot hold (" under
/// root.a[1]" names the place in the value), empty and mixed bags, repeated members, nesting beyond 32 levels, and
/// nodes that are not values ("Unsupported data type: …").
expression::SharedValue bind_value(const Statement& statement, const Node& node, Parameters parameters);

/// The item of an INSERT.
json::EncodedItem bind_item(const Statement& statement, Parameters parameters);

}  // namespace stator::partiql
