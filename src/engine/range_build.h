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

/// Fills a new range of a table (the entries of an index, the time-to-live rows) from the items that were there before
/// it. Writes go on meanwhile and keep the range right for the items they touch. How far the build has come is a row of
/// the catalog, so that it goes on from there after a restart.
///
/// Items are read and their rows are made without a lock. Then a few at a time are taken under their locks: an
/// item that is not what was read has been written since, by a write that knew the range, and is passed over. Nothing
/// waits for the disk: rows reach it before the progress that counts on them.
class RangeBuild final : public Job {
 public:
  /// `finished` is called once, when every item has its row.
  RangeBuild(store::Store& store, Stripes& stripes, TableRange range, std::function<void()> finished,
             JobRunner::Log log);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// An item as it was read, and the row it needs.
  struct Row {
    std::string item_key;
    std::string item_value;
    std::string key;
    std::string value;
    std::size_t size_bytes = 0;       // an index entry's
    std::int64_t expiry_seconds = 0;  // a time-to-live row's
  };
  struct Chunk {
    std::vector<Row> rows;
    std::vector<std::string> damaged_keys;
    std::uint64_t items_read = 0;
    std::string last_key;
    bool at_end = false;
  };

  /// What the range is of; points into the table.
  struct Target {
    const Index* index = nullptr;
    bool time_to_live = false;
    explicit operator bool() const { return index != nullptr || time_to_live; }
  };
  /// None where the range is gone or complete.
  [[nodiscard]] Target target_in(const Table& table) const;
  Chunk read_chunk(const Table& table, const Target& target);
  /// False where the item needs no row.
  static bool make_row(const Table& table, const Target& target, Row& row);
  static bool make_index_row(const Table& table, const Index& index, Row& row);
  static bool make_expiry_row(const Table& table, Row& row);
  /// Rows from `first` on, as many as may hold up writes to their items. Returns how many; 0 where the range is gone.
  std::size_t write_rows(TablePtr& table, Chunk& chunk, std::size_t first);
  /// Writes them, counts index entries, and lets searches for expired items know. The caller holds the items' locks.
  void commit(const Table& table, const Target& target, const std::vector<const Row*>& rows);
  [[nodiscard]] bool is_due(const Row& row);
  /// False where the range is gone.
  bool note_progress(const TablePtr& table);
  void note_damage(const std::string& table_name, const std::string& item_key);

  store::Store& store_;
  Stripes& stripes_;
  const TableRange range_;
  const std::function<void()> finished_;
  const JobRunner::Log log_;
  const std::string progress_key_;
  bool resumed_ = false;
  std::string after_;  // the last table key that is done
  JobProgress progress_;
};

}  // namespace stator::engine
