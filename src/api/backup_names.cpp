#include "api/backup_names.h"

#include <algorithm>
#include <array>

#include "api/resource_arn.h"
#include "core/api_error.h"

namespace stator::api {
namespace {

/// Source: AWS General Reference, "Amazon DynamoDB endpoints and quotas".
constexpr std::array<std::string_view, 38> kRegions = {
    "af-south-1",     "ap-east-1",      "ap-east-2",      "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1",     "ap-south-2",     "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1",   "ca-west-1",      "cn-north-1",
    "cn-northwest-1", "eu-central-1",   "eu-central-2",   "eu-north-1",     "eu-south-1",     "eu-south-2",
    "eu-west-1",      "eu-west-2",      "eu-west-3",      "il-central-1",   "me-central-1",   "me-south-1",
    "mx-central-1",   "sa-east-1",      "us-east-1",      "us-east-2",      "us-gov-east-1",  "us-gov-west-1",
    "us-west-1",      "us-west-2"};

bool is_region(const Context& context, std::string_view region) {
  return is_own_region(context, region) || std::ranges::find(kRegions, region) != kRegions.end();
}

}  // namespace

std::string backup_arn(const Context& context, std::string_view table, std::string_view id) {
  return table_arn(context, table) + "/backup/" + std::string(id);
}

BackupName read_backup_arn(const Context& context, std::string_view arn) {
  const auto refuse = [] { core::throw_validation("Invalid Backup ARN"); };
  const TableArn parts = parse_arn(arn);
  const TablePart backup = read_table_part(parts.resource, "/backup/").value_or(TablePart{});
  if (!arn.starts_with("arn:") || backup.id.empty()) refuse();
  const BackupName name{.region = parts.region, .table = backup.table, .id = backup.id};
  const bool unknown_region = !parts.region.empty() && !is_region(context, parts.region);
  if (parts.partition != "aws" || parts.service != "dynamodb" || unknown_region) {
    core::throw_validation("Invalid Request: BackupArn is not valid");
  }
  if (parts.region.empty() || parts.account != context.account_id) {
    throw_access_denied();
  }
  return name;
}

engine::BackupPtr find_backup(Call& call, std::string_view arn) {
  const BackupName name = read_backup_arn(call.context, arn);
  engine::BackupPtr backup = call.engine().find_backup(name.id);
  if (backup == nullptr || backup->table.name != name.table) {
    throw core::ApiError(core::ErrorCode::kBackupNotFound, "Backup not found: " + std::string(arn));
  }
  return backup;
}

}  // namespace stator::api
