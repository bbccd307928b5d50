#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"

/// Creates, describes, drops and lists tables.
namespace stator::toolkit {

struct CreatedTable {
  /// False if it existed before (ResourceInUseException).
  bool created = false;
  /// DescribeTable's `Table` member as JSON.
  std::string description_json;
};

/// Sends the CreateTable request and waits until the table is ACTIVE, at most `timeout`. Throws OperationError, and
/// std::runtime_error on the timeout.
CreatedTable create_table(endpoint::Endpoint& endpoint, std::string_view table_name, std::string_view request_json,
                          const Sleep& sleep = sleep_for_real,
                          std::chrono::milliseconds timeout = std::chrono::minutes(5));

/// Sends DeleteTable; returns its `TableDescription` member as JSON. Throws OperationError.
std::string drop_table(endpoint::Endpoint& endpoint, std::string_view table_name);

/// All names, page after page, in the service's order.
std::vector<std::string> list_tables(endpoint::Endpoint& endpoint);

/// The table's key attributes, partition key first (DescribeTable).
std::vector<std::string> key_attributes(endpoint::Endpoint& endpoint, std::string_view table_name);

/// A table description as the AWS CLI prints it: members in the service model's order, four spaces a level, times as
/// ISO 8601 in local time. Wrapped in a member `name`.
std::string format_description(std::string_view name, std::string_view description_json);

}  // namespace stator::toolkit
