#pragma once

#include <span>
#include <string_view>

#include "json/reader.h"

namespace stator::expression {

/// Refuses requests that mix expression and legacy parameters, or have names or values without an expression.
/// `expression_names` are the operation's expression parameters in the service's order (Query: ProjectionExpression,
/// FilterExpression, KeyConditionExpression; UpdateItem: UpdateExpression, ConditionExpression); `legacy_names` its
/// parameters from before expressions (Query: AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions). Throws
/// ValidationException:
/// - "Can not use both expression and non-expression parameters in the same request: …". KeyConditions is allowed
///   with expressions, as long as there is no KeyConditionExpression;
/// - "ExpressionAttributeNames can only be specified when using expressions";
/// - "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression
///   are null"; without the expressions' names if `names_expressions` is false.
/// Names, values and the expressions themselves, empty ones too, are checked by Bindings and bind_….
void check_expression_parameters(const json::Object& request, std::span<const std::string_view> expression_names,
                                 std::span<const std::string_view> legacy_names, bool names_expressions = true);

/// Throws ValidationException if ConditionalOperator is given with fewer than two conditions (`condition_count`) in
/// Expected, QueryFilter or ScanFilter, or is neither AND nor OR (in the service's words, which say ALL).
void check_conditional_operator(std::string_view conditional_operator, std::size_t condition_count);

}  // namespace stator::expression
