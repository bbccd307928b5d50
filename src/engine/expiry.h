#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "engine/catalog.h"
#include "engine/jobs.h"
#include "engine/writer.h"
#include "store/store.h"

namespace stator::engine {

/// Deletes the items of one table whose time to live has ended, as long as the table has the time-to-live range it
/// began with. A search reads the range from where the last one ended to now, or from five years ago, and so only
/// what has expired, and notes when the next row does; until then nothing is read, unless an earlier one is written. An
/// expired item is deleted like any other, if it still expires at the time its row says: what was given more time
/// stays, and indexes and counters are right. Nothing waits for the disk: what a dying machine forgets of it is deleted
/// again.
class Expiry final : public Job {
 public:
  /// `period`: the time between two searches.
  Expiry(const store::Store& store, Writer& writer, const core::Clock& clock, TableRange range,
         std::chrono::milliseconds period, JobRunner::Log log);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// False where nothing can have expired since the last search; nothing is read then.
  bool begin_search(std::int64_t now_seconds);
  /// Some rows from `position_` on; false when the table or the range is gone.
  bool delete_expired(const TablePtr& table, std::int64_t now_seconds);
  /// When the row that `cursor` is at expires.
  static std::int64_t next_seconds(const Table& table, const store::Cursor& cursor, std::int64_t now_seconds);
  void note_damage(const Table& table, std::string_view row_key);

  const store::Store& store_;
  Writer& writer_;
  const core::Clock& clock_;
  const TableRange range_;
  const std::chrono::milliseconds period_;
  const JobRunner::Log log_;
  std::string position_;                          // of the current search; empty: there is none
  std::optional<std::int64_t> searched_seconds_;  // the time at which the latest search began
  std::int64_t noted_ = 0;                        // where the latest search left the mark
  /// Whether the current search is to find out when the next row expires. Only where no earlier row was written
  /// since the last one: it may have to step over all that were deleted between now and then, and that is for nothing
  /// where an earlier one comes in again and again.
  bool looks_ahead_ = false;
  JobProgress progress_;
};

}  // namespace stator::engine
