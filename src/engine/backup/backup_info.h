#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/table.h"

namespace stator::engine {

enum class BackupType : std::uint8_t {
  kUser,
  kSystem,  // made when a table with point-in-time recovery is deleted; expires by itself
};

/// A backup: one consistent cut of the store, kept for the sake of one table.
struct BackupInfo {
  /// "01791504762511-2779fadd": when it was made, in milliseconds, and a hash.
  std::string id;
  std::string name;
  BackupType type = BackupType::kUser;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;  // 0: never
  /// The table and its figures as they are in the cut.
  Table table;
  Counts counts;
};
using BackupPtr = std::shared_ptr<const BackupInfo>;

/// The catalog's row of a backup, and back. Throws std::runtime_error.
std::string backup_to_json(const BackupInfo& backup);
BackupInfo backup_from_json(std::string_view text);

}  // namespace stator::engine
