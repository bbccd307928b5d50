#pragma once

#include <string>
#include <string_view>

#include "api/api.h"
#include "api/members.h"

namespace stator::api {

/// One running operation: its request (shape checked) and the reply being written.
struct Call {
  Context& context;
  std::string_view operation;
  Members request;
  std::string& reply;
  /// Errors are worded as before June 2026 (api/shape.h, CheckedRequest::very_deep).
  bool very_deep = false;
  /// The request's region answers the operation otherwise than most (api/rollout.h).
  bool deviates = false;

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

/// Whether that is the region of the request, or the server's.
bool is_own_region(const Context& context, std::string_view region);
/// Throws ValidationException where a table is named by an ARN of another region.
void check_arn_region(const Context& context, std::string_view arn);

/// The table, or null; null also for a table that is being restored, which exists for DescribeTable only.
engine::TablePtr find_whole_table(const Call& call, std::string_view name);
/// The same, but null while the table is being created, too: for its tags, policies, time to live and Kinesis
/// destinations there is none until then. Source: the AWS controller for Kubernetes' measurements, October 2026.
engine::TablePtr find_created_table(const Call& call, std::string_view name);
/// Throws ResourceNotFoundException for a table that find_created_table does not find.
void check_created(const engine::Table& table);
/// The words of most operations for a table that is not there.
[[noreturn]] void throw_table_not_found(std::string_view name);

std::string table_arn(const Context& context, std::string_view name);
std::string index_arn(const Context& context, std::string_view table, std::string_view index);

}  // namespace stator::api
