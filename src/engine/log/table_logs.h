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

/// The logs of changes that tables have by their settings: that of a stream, of point-in-time recovery, and of each
/// Kinesis destination. Where a setting changes, a log begins or ends in two steps: `replace_…` on the new version of
/// the table, whose batch gets the log's row, and `on_published` when that version is stored and published. For one
/// thread at a time.
class TableLogs {
 public:
  /// `delivers`: somebody sends changes to Kinesis streams; without that no new log is made for them.
  TableLogs(store::Store& store, Stripes& stripes, ChangeLog& change_log, const core::Clock& clock, Spaces& spaces,
            bool delivers)
      : store_(store),
        stripes_(stripes),
        change_log_(change_log),
        clock_(clock),
        spaces_(spaces),
        delivers_(delivers) {}

  /// Gives the table, as its row was read, the logs whose spaces it names. Throws std::runtime_error where one is
  /// missing.
  void find_all(Table& table) const;

  /// Begins a stream, or lets go of one, where the view type says other than `before` had.
  void replace_stream(Table& table, const Table& before, store::Batch& batch);
  /// The same for the log of point-in-time recovery, by the days of all regions, and for those of Kinesis destinations.
  void replace_others(Table& table, const Table& before, store::Batch& batch);
  /// Takes the logs into use that `table` has and `before` had not, and ends the others when no write knows them any
  /// more. Where recovery has begun, returns the version of the table to store next, which says since when.
  [[nodiscard]] std::optional<Table> on_published(const Table& table, const Table& before);

  /// Sets how long the log for recovery keeps its records to the table's days.
  void keep_recovery_days(const Table& table);
  /// Ends the logs of a table that is gone. No write that knows them may be running.
  void end_all(const Table& table);
  /// Ends those that are in none of the tables, as these went without them.
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
