#pragma once

#include <optional>
#include <vector>

#include "core/clock.h"
#include "engine/log/change_log.h"
#include "engine/spaces.h"
#include "engine/stripes.h"
#include "engine/table.h"
#include "store/store.h"

namespace stator::engine {

/// The change logs that tables have because of their settings: for a stream, for point-in-time recovery, and for each
/// Kinesis destination. If a setting changes, a log begins or ends in two steps: `replace_…` changes the new version of
/// the table and adds the log's row to its batch; `on_published` is called when that version is stored and published.
/// For one thread at a time.
class TableLogs {
 public:
  /// `delivers`: changes are delivered to Kinesis streams; if false, no new logs are made for them.
  TableLogs(store::Store& store, Stripes& stripes, ChangeLog& change_log, const core::Clock& clock, Spaces& spaces,
            bool delivers)
      : store_(store),
        stripes_(stripes),
        change_log_(change_log),
        clock_(clock),
        spaces_(spaces),
        delivers_(delivers) {}

  /// Sets the logs of a table that was read from its row, which names their spaces. Throws std::runtime_error if one
  /// is missing.
  void find_all(Table& table) const;

  /// Begins a stream if only `table`'s settings ask for one; removes it from `table` if only `before` has one.
  void replace_stream(Table& table, const Table& before, store::Batch& batch);
  /// The same for the log of point-in-time recovery, which depends on the settings of all regions, and for the logs of
  /// Kinesis destinations.
  void replace_others(Table& table, const Table& before, store::Batch& batch);
  /// Starts the logs that only `table` has, and ends those that only `before` has, after the writes that use them. If
  /// recovery has begun, returns the version of the table to store next, which contains the time of the beginning.
  [[nodiscard]] std::optional<Table> on_published(const Table& table, const Table& before);

  /// Sets the retention of the recovery log to the days of the table's settings.
  void keep_recovery_days(const Table& table);
  /// Ends the logs of a deleted table. No running write may use them.
  void end_all(const Table& table);
  /// Ends the logs that none of the tables uses: their tables were deleted without them.
  void end_others(const std::vector<std::shared_ptr<const Table>>& tables);

 private:
  void replace_recovery(Table& table, const Table& before, store::Batch& batch);
  void replace_deliveries(Table& table, store::Batch& batch);
  void on_stream_changed(const Table& table, const Table& before);
  std::optional<Table> on_recovery_changed(const Table& table, const Table& before);
  void on_deliveries_changed(const Table& table, const Table& before);

  store::Store& store_;
  Stripes& stripes_;
  ChangeLog& change_log_;
  const core::Clock& clock_;
  Spaces& spaces_;
  const bool delivers_;
};

}  // namespace stator::engine
