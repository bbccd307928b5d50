#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stator::engine {

/// The result of a repair: what was saved and what was lost.
struct RepairReport {
  struct TableSaved {
    std::string name;
    std::uint64_t items = 0;
    /// How many items are missing according to the counters, which may be damaged themselves.
    std::uint64_t lost_items = 0;
    /// Items may be missing, and so are the counters that would say how many.
    bool loss_is_unknown = false;
  };
  std::vector<TableSaved> tables;
  /// What was damaged or could not be saved, one line each.
  std::vector<std::string> lines;
  /// The folder with the items whose tables are lost; empty if there are none.
  std::filesystem::path lost_tables;
  /// The number of items that cannot be read, or whose table is lost.
  std::uint64_t unreadable_items = 0;
  /// Whether other rows of the catalog or of a stream, or a whole file, could not be saved; `lines` say which.
  bool lost_other_rows = false;

  [[nodiscard]] bool lost_anything() const;
};

/// Makes a new data directory `to` (missing or empty) from what can be read of the damaged `from`, which is not
/// changed. Rebuilds indexes and counters from the items. Writes items of tables whose rows in the catalog are lost
/// into a new folder beside `to`, "TO.lost", one file for each space ("space-7.jsonl"), one item in DynamoDB JSON on
/// each line. Until it returns, the new directory is marked as unfinished and cannot be opened.
/// Throws store::OpenError if nothing can be read, or if `to` is not empty or cannot be written.
RepairReport repair_directory(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace stator::engine
