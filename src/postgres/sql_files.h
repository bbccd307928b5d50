#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stator::postgres {

/// The SQL of one model: models/NAME/sql/.
///
///   schema.sql                       tables and indexes
///   seed.sql                         sample rows; can be loaded again
///   queries/NAME.sql                 one statement each, called by name
///   migrations/NNNN_name.up.sql      a change, and
///   migrations/NNNN_name.down.sql    its reversal (may be missing)
class SqlFiles {
 public:
  /// Reads no file yet.
  explicit SqlFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  [[nodiscard]] std::string schema() const { return read(directory_ / "schema.sql"); }
  [[nodiscard]] std::string seed() const { return read(directory_ / "seed.sql"); }
  /// The text of queries/NAME.sql. Throws an Error (kMissing) that names the existing queries.
  [[nodiscard]] std::string query(std::string_view name) const;
  /// Sorted.
  [[nodiscard]] std::vector<std::string> query_names() const;
  [[nodiscard]] std::filesystem::path migrations_directory() const { return directory_ / "migrations"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  /// A file's text, without commands that only change what psql shows (`\echo`, pg_dump's `\restrict`). Throws Error:
  /// kMissing if it cannot be read; kUsage if it is larger than 256 MB, or if it has another psql command.
  static std::string read(const std::filesystem::path& path);

 private:
  std::filesystem::path directory_;
};

}  // namespace stator::postgres
