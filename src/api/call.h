#pragma once

#include <string>
#include <string_view>

#include "api/api.h"
#include "api/members.h"

namespace stator::api {

/// One running operation: its request, whose shape was checked, and the reply being written.
struct Call {
  Context& context;
  std::string_view operation;
  Members request;
  std::string& reply;
  /// Whether errors have the texts of before June 2026 (api/shape.h, CheckedRequest::very_deep).
  bool very_deep = false;
  /// Whether the request's region answers the operation differently from most regions (api/rollout.h).
  bool deviates = false;

  [[nodiscard]] engine::Engine& engine() const { return context.engine; }
};

/// The table's name from TableName, which may also be the table's ARN.
std::string_view table_name(const Members& request);
/// The same for a name from elsewhere (a key of RequestItems, a member of a transaction).
std::string_view table_name_from(std::string_view name_or_arn);

/// The parts of arn:partition:service:region:account:resource; missing parts are empty.
struct TableArn {
  std::string_view partition;
  std::string_view service;
  std::string_view region;
  std::string_view account;
  std::string_view resource;
};
TableArn parse_arn(std::string_view arn);

/// Whether `region` is that of the request, or the server's.
bool is_own_region(const Context& context, std::string_view region);
/// Throws ValidationException if `arn` is of another region.
void check_arn_region(const Context& context, std::string_view arn);

/// The table; null if it does not exist or is being restored, as then it exists only for DescribeTable.
engine::TablePtr find_whole_table(const Call& call, std::string_view name);
/// The same, but null also while the table is being created: until then it does not exist for its tags, policies, time
/// to live and Kinesis destinations. Source: the AWS controller for Kubernetes' measurements, October 2026.
engine::TablePtr find_created_table(const Call& call, std::string_view name);
/// Throws ResourceNotFoundException if the table, or its home region, is being created.
void check_created(const engine::Table& table);
/// Throws ResourceNotFoundException with the text that most operations use.
[[noreturn]] void throw_table_not_found(std::string_view name);

std::string table_arn(const Context& context, std::string_view name);
std::string index_arn(const Context& context, std::string_view table, std::string_view index);

}  // namespace stator::api
