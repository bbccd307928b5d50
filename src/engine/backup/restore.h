#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/backup/backups.h"
#include "engine/catalog.h"
#include "engine/jobs.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// Fills a table that is being restored with the items of its checkpoint, byte for byte. In a restore to a point in
/// time it then undoes the later changes. Indexes are built afterwards, like any new index. The progress is a row of
/// the catalog, written in the batch of the items, so that a restart continues there. There are no other writes to the
/// table meanwhile. Damaged items are skipped.
class Restore final : public Job {
 public:
  struct Ends {
    /// All items are there.
    std::function<void()> finished;
    /// The restore cannot be finished: the checkpoint cannot be read, or memory is full. The table is to be removed.
    std::function<void(const std::string& why)> failed;
  };
  Restore(store::Store& store, const Backups& backups, Stripes& stripes, TableRange range, Ends ends,
          JobRunner::Log log);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  void open(const RestoreOrigin& origin);
  /// Copies some items after `position_`; false if none are left.
  bool copy_items(const Table& table);
  [[nodiscard]] bool is_undoing(const Table& table) const;
  /// Undoes some changes; false if none are left.
  bool undo_changes(const Table& table);
  void commit(const Table& table, const CounterDelta& counted, store::Batch& batch);
  void note_damage(const Table& table, std::string_view key);

  store::Store& store_;
  const Backups& backups_;
  Stripes& stripes_;
  const TableRange range_;
  const Ends ends_;
  const JobRunner::Log log_;
  const std::string progress_key_;
  std::unique_ptr<store::Store> cut_;
  /// The progress: the key of the last item copied or, once all are copied, of the last record undone. Empty at the
  /// start.
  std::string position_;
  JobProgress progress_;
};

}  // namespace stator::engine
