#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "postgres/connection.h"

namespace stator::postgres {

struct Migration {
  /// "0001_index_activities_by_user".
  std::string name;
  std::uint32_t number = 0;
  std::string up;
  std::filesystem::path down_file;
};

/// Reads the migrations of a directory, in the order of their numbers; none if there is no directory. Throws Error
/// (kUsage) for a file that is not NNNN_name.up.sql or NNNN_name.down.sql, a number used twice, a down file without an
/// up file, or a file that begins or ends a transaction itself (unless it refuses one: sql_refuses_transaction).
std::vector<Migration> read_migrations(const std::filesystem::path& directory);

/// Creates the files of a migration that comes after all others of the directory, each holding a comment, and the
/// directory if it is missing. Returns the files, the up file first. Throws Error (kUsage) for a name with other
/// characters than letters, digits, hyphens and underscores, and if the files cannot be written.
std::vector<std::filesystem::path> make_migration(const std::filesystem::path& directory, const std::string& name);

enum class MigrationState : std::uint8_t {
  kPending,  ///< Not applied.
  kApplied,  ///< Applied, and the file has not changed since.
  kChanged,  ///< Applied, but the file has changed since.
  kMissing,  ///< Applied, but the file is gone.
};

struct MigrationStatus {
  std::string name;
  MigrationState state = MigrationState::kPending;
  /// "2023-03-20T10:00:00Z"; empty while pending.
  std::string applied_at;
};

using MigrationProgress = std::function<void(const std::string& name)>;

/// Migrates one database. The table `stator_migrations` lists the applied migrations (name, SHA-256 of the up file,
/// time); it is created when first needed. `up` and `roll_back` hold an advisory lock, so that concurrent calls do the
/// work only once.
class Migrator {
 public:
  Migrator(Connection& connection, std::vector<Migration> migrations);

  /// All migrations, those in files and those applied, sorted by name. Does not change the database.
  std::vector<MigrationStatus> status();

  /// Applies the pending migrations, each in a transaction with its record unless it refuses one, and calls `progress`
  /// after each. Returns their number. Throws Error: that of a statement, with the migration's name before it (earlier
  /// migrations stay applied); kUsage, before anything is done, if an applied file has changed or is missing, or if a
  /// pending one precedes an applied one.
  std::size_t up(const MigrationProgress& progress);

  /// Rolls back the newest `steps` applied migrations, newest first. Returns their number. Throws Error (kMissing) if
  /// one has no down file.
  std::size_t roll_back(std::size_t steps, const MigrationProgress& progress);

 private:
  std::vector<MigrationStatus> read_status();
  void require_consistent(const std::vector<MigrationStatus>& all) const;
  void run(const std::string& name, const std::string& script, const std::string& record, const Parameters& parameters);
  const Migration* find(const std::string& name) const;

  Connection& connection_;
  std::vector<Migration> migrations_;
};

}  // namespace stator::postgres
