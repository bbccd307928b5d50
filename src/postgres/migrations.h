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

/// The migrations of a directory in order of their numbers; none where there is no directory. Throws Error (kUsage) for
/// a file that is not NNNN_name.up.sql or NNNN_name.down.sql, a number used twice, a down without an up, or a file that
/// begins or ends a transaction itself.
std::vector<Migration> read_migrations(const std::filesystem::path& directory);

enum class MigrationState : std::uint8_t {
  kPending,  ///< Not applied.
  kApplied,  ///< Applied, and the file is as it was then.
  kChanged,  ///< Applied, but the file has changed since.
  kMissing,  ///< Applied, but the file is gone.
};

struct MigrationStatus {
  std::string name;
  MigrationState state = MigrationState::kPending;
  /// "2023-03-20 10:00:00"; empty while pending.
  std::string applied_at;
};

using MigrationProgress = std::function<void(const std::string& name)>;

/// Works on one database. What was applied stands in its table `stator_migrations` (name, SHA-256 of the up file,
/// time), which is made when first needed. `up` and `roll_back` hold an advisory lock, so that two at once do the work
/// once.
class Migrator {
 public:
  Migrator(Connection& connection, std::vector<Migration> migrations);

  /// All migrations, those of the files and those applied, by name. Changes nothing.
  std::vector<MigrationStatus> status();

  /// Applies what is pending, each in a transaction with its record, telling `progress` after each. Returns how many.
  /// Throws Error: the statement's own, its message led by the migration's name; those before it stay applied. (kUsage)
  /// before anything is done where an applied file changed or is missing, or a pending one comes before an applied one.
  std::size_t up(const MigrationProgress& progress);

  /// Takes back the newest `steps` applied ones, newest first. Returns how many. Throws Error (kMissing) where one has
  /// no down file.
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
