#pragma once

#include <optional>
#include <span>

#include "api/members.h"
#include "expression/bindings.h"
#include "expression/expression.h"
#include "json/item.h"

/// Reads the expressions of a request, or the legacy parameters instead.
namespace stator::api {

/// Throws if the request mixes expression and legacy parameters, or has names or values but no expression. See
/// expression::check_expression_parameters.
void check_expression_parameters(const Members& request, std::span<const MemberName> expression_names,
                                 std::span<const MemberName> legacy_names, bool names_expressions = true);

/// Reads ExpressionAttributeNames of a read of single items, which has only a projection, and so no values.
expression::Bindings read_name_bindings(const Members& request);
/// Reads ExpressionAttributeNames and ExpressionAttributeValues.
expression::Bindings read_bindings(const Members& request, const json::ValueRules& rules = json::kCurrentRules);

std::optional<expression::Condition> read_condition_expression(const Members& request, expression::Bindings& bindings);
/// Reads ConditionExpression, or the legacy Expected with its ConditionalOperator; nullopt if there is neither.
std::optional<expression::Condition> read_condition(const Members& request, expression::Bindings& bindings,
                                                    const json::ValueRules& rules = json::kCurrentRules);

std::optional<expression::Projection> read_projection_expression(const Members& request,
                                                                 expression::Bindings& bindings);
std::optional<expression::Projection> read_attributes_to_get(const Members& request);
/// Reads ProjectionExpression or AttributesToGet.
std::optional<expression::Projection> read_projection(const Members& request, expression::Bindings& bindings);

}  // namespace stator::api
