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

/// Fills a new range of a table (the entries of an index) from the items that were there before it. Writes go on
/// meanwhile and keep the range right for the items they touch. How far the build has come is a row of the catalog, so
/// that it goes on from there after a restart.
///
/// Items are read and their rows are made without a lock. Then a few at a time are taken under their lock stripe: an
/// item that is not what was read has been written since, by a write that knew the range, and is passed over. Nothing
/// waits for the disk: rows reach it before the progress that counts on them.
class RangeBuild final : public Job {
 public:
  /// `finished` is called once, when every item has its row.
  RangeBuild(store::Store& store, Stripes& stripes, RangeToBuild range, std::function<void()> finished,
             JobRunner::Log log);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// An item as it was read, and the row it needs.
  struct Row {
    std::size_t stripe = 0;
    std::string item_key;
    std::string item_value;
    std::string key;
    std::string value;
    std::size_t size_bytes = 0;
  };
  struct Chunk {
    std::vector<Row> rows;  // by stripe
    std::vector<std::string> damaged_keys;
    std::uint64_t items_read = 0;
    std::string last_key;
    bool at_end = false;
  };

  /// Null where the range is gone or complete.
  [[nodiscard]] const Index* index_to_build(const Table& table) const;
  Chunk read_chunk(const Table& table, const Index& index);
  /// False where there is no such row.
  static bool make_row(const Table& table, const Index& index, Row& row);
  /// The rows from `first` on that share a stripe, as many as may hold it up. Returns how many; 0 where the range is
  /// gone.
  std::size_t write_rows(TablePtr& table, Chunk& chunk, std::size_t first);
  [[nodiscard]] bool is_due(const Row& row);
  void note_damage(const std::string& table_name, const std::string& item_key);

  store::Store& store_;
  Stripes& stripes_;
  const RangeToBuild range_;
  const std::function<void()> finished_;
  const JobRunner::Log log_;
  const std::string progress_key_;
  bool resumed_ = false;
  std::string after_;  // the last table key that is done
  JobProgress progress_;
};

}  // namespace stator::engine
