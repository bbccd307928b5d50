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

/// Deletes expired items of one table, as long as the table has the time-to-live range that the job was made for. A
/// search reads only the rows that have expired since the last search (at most five years back), and notes when the
/// next row expires. Nothing is read before then unless an earlier row is written. An item is deleted by an ordinary
/// write, and only if it still expires at the time in its row. Writes do not wait for the disk: deletions that are lost
/// in a crash are made again.
class Expiry final : public Job {
 public:
  /// `period`: the time between two searches.
  Expiry(const store::Store& store, Writer& writer, const core::Clock& clock, TableRange range,
         std::chrono::milliseconds period, JobRunner::Log log);
  JobStep step() override;
  [[nodiscard]] JobProgress progress() const override { return progress_; }

 private:
  /// False, without reading, if nothing can have expired since the last search.
  bool begin_search(std::int64_t now_seconds);
  /// Processes some rows from `position_` on; false if the table or the range is gone.
  bool delete_expired(const TablePtr& table, std::int64_t now_seconds);
  /// When the row at `cursor` expires; UnseenExpiry::kNone if there is none.
  static std::int64_t next_seconds(const Table& table, const store::Cursor& cursor, std::int64_t now_seconds);
  void note_damage(const Table& table, std::string_view row_key);

  const store::Store& store_;
  Writer& writer_;
  const core::Clock& clock_;
  const TableRange range_;
  const std::chrono::milliseconds period_;
  const JobRunner::Log log_;
  std::string position_;                          // of the current search; empty: no search is under way
  std::optional<std::int64_t> searched_seconds_;  // the time at which the latest search began
  std::int64_t noted_ = 0;                        // the mark left by the latest search
  /// Whether the current search also finds out when the next row expires. Only if no earlier row was written since the
  /// last search: looking ahead may step over many deleted rows, in vain if earlier rows keep being written.
  bool looks_ahead_ = false;
  JobProgress progress_;
};

}  // namespace stator::engine
