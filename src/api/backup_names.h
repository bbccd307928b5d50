#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

/// ARNs of backups. Source of the rules and their words: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

/// arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/backup/ID.
std::string backup_arn(const Context& context, std::string_view table, std::string_view id);

struct BackupName {
  std::string_view region;
  std::string_view table;
  std::string_view id;
};
/// From an ARN of this account and any region, as the service finds a backup whatever region its ARN has. Throws
/// ValidationException for a text that is not a backup's ARN, AccessDeniedException for another account's.
BackupName read_backup_arn(const Context& context, std::string_view arn);

/// The backup of that ARN. Throws the same, and BackupNotFoundException.
engine::BackupPtr find_backup(Call& call, std::string_view arn);

}  // namespace stator::api
