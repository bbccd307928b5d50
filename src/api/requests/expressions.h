#pragma once

#include <optional>
#include <span>

#include "api/members.h"
#include "expression/bindings.h"
#include "expression/expression.h"
#include "json/item.h"

/// Reads the expressions of a request, or the legacy parameters in their place.
namespace stator::api {

/// Refuses requests that mix expression and legacy parameters, or have names or values and no expression: see
/// expression::check_expression_parameters.
void check_expression_parameters(const Members& request, std::span<const MemberName> expression_names,
                                 std::span<const MemberName> legacy_names, bool names_expressions = true);

/// ExpressionAttributeNames of a structure that has no values: reads of single items take only a projection.
expression::Bindings read_name_bindings(const Members& request);
/// ExpressionAttributeNames and ExpressionAttributeValues of the structure.
expression::Bindings read_bindings(const Members& request, const json::ValueRules& rules = json::kCurrentRules);

std::optional<expression::Condition> read_condition_expression(const Members& request, expression::Bindings& bindings);
/// ConditionExpression, or the legacy Expected with its ConditionalOperator; nullopt where there is neither.
std::optional<expression::Condition> read_condition(const Members& request, expression::Bindings& bindings,
                                                    const json::ValueRules& rules = json::kCurrentRules);

std::optional<expression::Projection> read_projection_expression(const Members& request,
                                                                 expression::Bindings& bindings);
std::optional<expression::Projection> read_attributes_to_get(const Members& request);
/// ProjectionExpression or AttributesToGet.
std::optional<expression::Projection> read_projection(const Members& request, expression::Bindings& bindings);

}  // namespace stator::api
