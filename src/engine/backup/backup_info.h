#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/table.h"

namespace stator::engine {

enum class BackupType : std::uint8_t {
  kUser,
  kSystem,  // made when a table with point-in-time recovery is deleted; expires
};

/// A backup: a checkpoint of the whole store, kept for one of its tables.
struct BackupInfo {
  /// "01791504762511-2779fadd": the time of its creation in milliseconds, and a hash.
  std::string id;
  std::string name;
  BackupType type = BackupType::kUser;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;  // 0: never
  /// The table, its item count and size, as they are in the checkpoint.
  Table table;
  Counts counts;
};
using BackupPtr = std::shared_ptr<const BackupInfo>;

/// Converts a backup to and from the JSON of its row in the catalog. Throws std::runtime_error.
std::string backup_to_json(const BackupInfo& backup);
BackupInfo backup_from_json(std::string_view text);

}  // namespace stator::engine
