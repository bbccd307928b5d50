#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"

/// Backups of tables, and tables restored from them or to points in time: through the operations, so on any endpoint.
namespace stator::toolkit {

struct BackupSummary {
  std::string arn;
  std::string name;
  std::string table;
  /// "USER", "SYSTEM" or "AWS_BACKUP".
  std::string type;
  std::string status;
  std::uint64_t size_bytes = 0;
  double created_seconds = 0;
  double expires_seconds = 0;  // 0: never
};

/// Returns all backups, of every type, in the service's order; of all tables if `table` is empty. Throws
/// OperationError.
std::vector<BackupSummary> list_backups(endpoint::Endpoint& endpoint, std::string_view table);

/// Finds a backup by its ARN, by what its ARN ends with, or by its name if only one backup has it. Throws
/// OperationError, and std::runtime_error with one line for the user.
BackupSummary find_backup(endpoint::Endpoint& endpoint, const std::string& word);

/// Returns the ARN of the new backup, and waits until it is AVAILABLE. Throws OperationError, and std::runtime_error if
/// that takes longer than `timeout`.
std::string create_backup(endpoint::Endpoint& endpoint, std::string_view table, std::string_view name,
                          const Sleep& sleep = sleep_for_real,
                          std::chrono::milliseconds timeout = std::chrono::minutes(5));

void delete_backup(endpoint::Endpoint& endpoint, std::string_view arn);

/// Called while a table is being restored, with the number of items that it has so far.
using RestoreProgress = std::function<void(std::uint64_t items)>;

/// Restores into a new table and waits until it is ACTIVE. Returns its description as JSON. Throws OperationError, and
/// std::runtime_error if the table disappears before it is complete.
std::string restore_backup(endpoint::Endpoint& endpoint, std::string_view arn, std::string_view target,
                           const RestoreProgress& progress, const Sleep& sleep = sleep_for_real);
/// The same from a table's point-in-time recovery. `seconds`: the time to restore to, since 1970; nullopt: the latest
/// possible.
std::string restore_to_time(endpoint::Endpoint& endpoint, std::string_view source, std::optional<double> seconds,
                            std::string_view target, const RestoreProgress& progress,
                            const Sleep& sleep = sleep_for_real);

/// The result of DescribeContinuousBackups.
struct Recovery {
  bool enabled = false;
  std::uint64_t days = 0;
  double earliest_seconds = 0;
  double latest_seconds = 0;
};
Recovery describe_recovery(endpoint::Endpoint& endpoint, std::string_view table);
/// Keeps changes for `days`; 0 disables point-in-time recovery. Throws OperationError.
Recovery set_recovery(endpoint::Endpoint& endpoint, std::string_view table, std::uint64_t days);

}  // namespace stator::toolkit
