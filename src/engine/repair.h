#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stator::engine {

/// The result of a repair: what it saved and what it could not.
struct RepairReport {
  struct TableSaved {
    std::string name;
    std::uint64_t items = 0;
    /// Items missing by the counters, which may be damaged themselves.
    std::uint64_t lost_items = 0;
    /// Items may be missing, and the counters that would say how many are lost, too.
    bool loss_is_unknown = false;
  };
  std::vector<TableSaved> tables;
  /// What was damaged and what could not be saved, a line each.
  std::vector<std::string> lines;
  /// Where the items are whose tables are lost; empty: there are none.
  std::filesystem::path lost_tables;
  /// Items that could not be read, or that belong to no table that could be.
  std::uint64_t unreadable_items = 0;
  /// Rows of the catalog or of a stream could not be saved, or a whole file; a line says which.
  bool lost_other_rows = false;

  [[nodiscard]] bool lost_anything() const;
};

/// Makes a new data directory `to` (missing or empty) of what can be read of the damaged `from`, which is not changed.
/// Indexes and counters are made anew from the items. Items of tables whose rows in the catalog are lost go
/// into a new folder beside it, "TO.lost": a file a space, "space-7.jsonl", with DynamoDB's JSON, an item a line.
/// Until it returns, the new directory is marked as unfinished, and nothing opens it.
/// Throws store::OpenError where nothing can be read, or `to` cannot be written.
RepairReport repair_directory(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace stator::engine
