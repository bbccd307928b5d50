#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "engine/jobs.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// Fills a new range of a table (the entries of an index, or the time-to-live rows) from the existing items. Meanwhile
/// writes continue and keep the range up to date for the items they change. The progress is a row of the catalog, from
/// which the build continues after a restart.
///
/// Items are read and their rows made without a lock. Then a few rows at a time are written under the items' locks. An
/// item that has changed since it was read is skipped, as the write that changed it knew the range. Nothing waits for
/// the disk: rows reach it before the progress that relies on them.
class RangeBuild final : public Job {
 public:
  /// `finished` is called once, when every item that needs a row has it.
  RangeBuild(store::Store& store, Stripes& stripes, TableRange range, std::function<void()> finished,
             JobRunner::Log log);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// An item as it was read, and its row in the range.
  struct Row {
    std::string item_key;
    std::string item_value;
    std::string key;
    std::string value;
    std::size_t size_bytes = 0;       // of an index entry
    std::int64_t expiry_seconds = 0;  // of a time-to-live row
  };
  struct Chunk {
    std::vector<Row> rows;
    std::vector<std::string> damaged_keys;
    std::uint64_t items_read = 0;
    std::string last_key;
    bool at_end = false;
  };

  /// What the range contains; points into the table.
  struct Target {
    const Index* index = nullptr;
    bool time_to_live = false;
    explicit operator bool() const { return index != nullptr || time_to_live; }
  };
  /// Converts to false if the range is gone or complete.
  [[nodiscard]] Target target_in(const Table& table) const;
  Chunk read_chunk(const Table& table, const Target& target);
  /// False if the item needs no row.
  static bool make_row(const Table& table, const Target& target, Row& row);
  static bool make_index_row(const Table& table, const Index& index, Row& row);
  static bool make_expiry_row(const Table& table, Row& row);
  /// Writes a few rows from `first` on: no more than the writes to their items may have to wait for. Returns how many;
  /// 0 if the range is gone.
  std::size_t write_rows(TablePtr& table, Chunk& chunk, std::size_t first);
  /// Writes the rows, counts index entries, and notes new expiry times for the searches. The caller holds the items'
  /// locks.
  void commit(const Table& table, const Target& target, const std::vector<const Row*>& rows);
  [[nodiscard]] bool is_due(const Row& row);
  /// False if the range is gone.
  bool note_progress(const TablePtr& table);
  void note_damage(const std::string& table_name, const std::string& item_key);

  store::Store& store_;
  Stripes& stripes_;
  const TableRange range_;
  const std::function<void()> finished_;
  const JobRunner::Log log_;
  const std::string progress_key_;
  bool resumed_ = false;
  std::string after_;  // the last item key that was processed
  JobProgress progress_;
};

}  // namespace stator::engine
