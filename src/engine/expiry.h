#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/clock.h"
#include "engine/catalog.h"
#include "engine/jobs.h"
#include "engine/writer.h"
#include "store/store.h"

namespace stator::engine {

/// Deletes the items of one table whose time to live has ended, as long as the table has the time-to-live range it
/// began with. A search reads the range from where the last one ended to now, or from five years ago, and so only
/// what has expired. An expired item is deleted like any other, if it still expires at the time its row says: what was
/// given more time stays, and indexes and counters are right. Nothing waits for the disk: what a dying machine forgets
/// of it is deleted again.
class Expiry final : public Job {
 public:
  /// `period`: the time between two searches.
  Expiry(const store::Store& store, Writer& writer, const core::Clock& clock, TableRange range,
         std::chrono::milliseconds period, JobRunner::Log log);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  void begin_search(std::int64_t now_seconds);
  /// Some rows from `position_` on; false when the table or the range is gone.
  bool delete_expired(const TablePtr& table, std::int64_t now_seconds);
  void note_damage(const Table& table, std::string_view row_key);

  const store::Store& store_;
  Writer& writer_;
  const core::Clock& clock_;
  const TableRange range_;
  const std::chrono::milliseconds period_;
  const JobRunner::Log log_;
  std::string position_;  // of the current search; empty: there is none
  bool searched_ = false;
  JobProgress progress_;
};

}  // namespace stator::engine
