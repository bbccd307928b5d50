#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

/// ARNs of backups. Source of the rules and texts: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

/// arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/backup/ID.
std::string backup_arn(const Context& context, std::string_view table, std::string_view id);

struct BackupName {
  std::string_view region;
  std::string_view table;
  std::string_view id;
};
/// Reads the ARN of a backup of this account. Any region is accepted, as the service finds a backup whatever the region
/// in its ARN. Throws ValidationException if the text is not the ARN of a backup, AccessDeniedException if it is of
/// another account.
BackupName read_backup_arn(const Context& context, std::string_view arn);

/// The backup with that ARN. Throws what read_backup_arn throws, and BackupNotFoundException.
engine::BackupPtr find_backup(Call& call, std::string_view arn);

}  // namespace stator::api
