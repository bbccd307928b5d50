#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "api/call.h"

namespace stator::api {

/// The table that a request's ResourceArn names, or the stream of it (then `stream_label` is not empty).
struct ResourceName {
  TableArn arn;
  std::string_view table;
  std::string_view stream_label;
  /// Whether the ARN has this partition and a region that this server answers for.
  bool own_partition_and_region = false;
};

/// Reads a ResourceArn. Throws ValidationException for a text that is not an ARN of a table or stream of DynamoDB.
/// `other_service` makes the message for an ARN of another service. Source: the AWS controller for Kubernetes'
/// measurements, October 2026.
ResourceName read_resource_arn(const Call& call, std::string_view arn, const std::function<void()>& other_service);

/// For what is another account's: AccessDeniedException.
[[noreturn]] void throw_access_denied();

/// What belongs to a table and has an ARN of its own, "…:table/TABLE/KIND/ID".
struct TablePart {
  std::string_view table;
  std::string_view id;
};

/// Reads the resource of such an ARN; `kind` is "/backup/", "/export/" or the like, and nullopt means that there is
/// none. A table may have the name of a kind: "table/backup/backup/ID".
std::optional<TablePart> read_table_part(std::string_view resource, std::string_view kind);

}  // namespace stator::api
