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
  /// The text of queries/NAME.sql. Throws Error (kMissing), which names the existing queries.
  [[nodiscard]] std::string query(std::string_view name) const;
  /// Sorted.
  [[nodiscard]] std::vector<std::string> query_names() const;
  [[nodiscard]] std::filesystem::path migrations_directory() const { return directory_ / "migrations"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  /// A file's text, without what only tells psql how to show things (`\echo`, pg_dump's `\restrict`). Throws Error
  /// (kMissing) where it cannot be read, (kUsage) beyond 256 MB and where another command of psql stands in it.
  static std::string read(const std::filesystem::path& path);

 private:
  std::filesystem::path directory_;
};

}  // namespace stator::postgres
