#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "api/api.h"
#include "api/members.h"
#include "expression/bindings.h"
#include "expression/expression.h"

namespace stator::api {

/// One operation under way: its request (shape checked) and the reply being written.
struct Call {
  Context& context;
  std::string_view operation;
  Members request;
  std::string& reply;

  [[nodiscard]] engine::Engine& engine() const { return context.engine; }
};

/// The table's name out of TableName, which may also be the table's ARN.
std::string_view table_name(const Members& request);
/// The same for a name that came from elsewhere (a key of RequestItems, a transaction's member).
std::string_view table_name_from(std::string_view name_or_arn);

/// arn:partition:service:region:account:resource; what is missing is empty.
struct TableArn {
  std::string_view partition;
  std::string_view service;
  std::string_view region;
  std::string_view account;
  std::string_view resource;
};
TableArn parse_arn(std::string_view arn);

/// Throws ValidationException where a table is named by an ARN of another region than the request is signed for.
void check_arn_region(const Context& context, std::string_view arn);

/// ExpressionAttributeNames and ExpressionAttributeValues of the structure.
expression::Bindings read_bindings(const Members& request);

/// ConditionExpression, or the legacy Expected with its ConditionalOperator; nullopt where there is neither.
std::optional<expression::Condition> read_condition(const Members& request, expression::Bindings& bindings);

std::optional<expression::Projection> read_projection_expression(const Members& request,
                                                                 expression::Bindings& bindings);
std::optional<expression::Projection> read_attributes_to_get(const Members& request);
/// ProjectionExpression or AttributesToGet.
std::optional<expression::Projection> read_projection(const Members& request, expression::Bindings& bindings);

/// Throws where a path of the projection or update goes into a key attribute of the table or of an index ("Key
/// attributes must be scalars; …").
void check_key_paths(const engine::Table& table, const std::vector<expression::Path>& paths);
void check_key_paths(const engine::Table& table, const std::optional<expression::Condition>& condition);
/// The same for attributes that something goes into.
void check_nested_attributes(const engine::Table& table, const std::vector<std::string>& nested);

/// Throws where the update writes an attribute of the table's key.
void refuse_key_updates(const engine::Table& table, const expression::Update& update);

std::string table_arn(const Context& context, std::string_view name);
std::string index_arn(const Context& context, std::string_view table, std::string_view index);

}  // namespace stator::api
