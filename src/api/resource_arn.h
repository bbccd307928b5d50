#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "api/call.h"

namespace stator::api {

/// The table that a request's ResourceArn names, or a stream of the table (then `stream_label` is not empty).
struct ResourceName {
  TableArn arn;
  std::string_view table;
  std::string_view stream_label;
  /// Whether the ARN has the partition "aws" and the region of the request or the server.
  bool own_partition_and_region = false;
};

/// Reads a ResourceArn. Throws ValidationException if the text is not the ARN of a table or stream of DynamoDB.
/// `other_service` is called for an ARN of another service, and throws. Source: the AWS controller for Kubernetes'
/// measurements, October 2026.
ResourceName read_resource_arn(const Call& call, std::string_view arn, const std::function<void()>& other_service);

/// Throws AccessDeniedException, for resources of another account.
[[noreturn]] void throw_access_denied();

/// Something of a table that has an ARN "…:table/TABLE/KIND/ID": a backup, an export, ….
struct TablePart {
  std::string_view table;
  std::string_view id;
};

/// Reads the resource of such an ARN; nullopt if it does not have this form. `kind`: "/backup/", "/export/" or the
/// like. A table may be named like a kind: "table/backup/backup/ID".
std::optional<TablePart> read_table_part(std::string_view resource, std::string_view kind);

}  // namespace stator::api
