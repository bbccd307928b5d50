#pragma once

#include <span>
#include <string_view>

#include "json/reader.h"

namespace stator::expression {

/// Refuses requests that mix expression and legacy parameters, or have names or values and no expression.
/// `expression_names` are the expression parameters of the operation in the order in which the service names them
/// (Query: ProjectionExpression, FilterExpression, KeyConditionExpression; UpdateItem: UpdateExpression,
/// ConditionExpression); `legacy_names` its parameters from before expressions (Query: AttributesToGet, QueryFilter,
/// ConditionalOperator, KeyConditions). Throws ValidationException:
/// - "Can not use both expression and non-expression parameters in the same request: …". KeyConditions alone may go
///   with expressions, as long as there is no KeyConditionExpression;
/// - "ExpressionAttributeNames can only be specified when using expressions";
/// - "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression
///   are null"; without the names where `names_expressions` is false.
/// Names, values and the expressions themselves, empty ones too, are checked by Bindings and bind_….
void check_expression_parameters(const json::Object& request, std::span<const std::string_view> expression_names,
                                 std::span<const std::string_view> legacy_names, bool names_expressions = true);

/// Throws ValidationException where ConditionalOperator is there with `condition_count` conditions of Expected,
/// QueryFilter or ScanFilter fewer than two, or is neither AND nor OR (in the service's words, which say ALL).
void check_conditional_operator(std::string_view conditional_operator, std::size_t condition_count);

}  // namespace stator::expression
