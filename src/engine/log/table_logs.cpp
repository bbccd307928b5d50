#include "engine/log/table_logs.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "engine/replicas.h"

namespace stator::engine {
namespace {

/// Calls `visit(days, since_ms)` with each region's settings for point-in-time recovery.
template <class Visit>
void for_each_recovery(Table& table, const Visit& visit) {
  visit(table.recovery_days, table.recovery_since_ms);
  for (Replica& replica : table.replicas) visit(replica.settings.recovery_days, replica.settings.recovery_since_ms);
}

/// A region's recovery begins when its number of days is set.
void note_recovery_times(Table& table, std::int64_t now_ms) {
  for_each_recovery(table, [now_ms](std::int64_t days, std::int64_t& since_ms) {
    if (days == 0) since_ms = 0;
    if (days != 0 && since_ms == 0) since_ms = now_ms;
  });
}

bool is_enabled(const KinesisDestination& destination) {
  return (destination.status == KinesisStatus::kActive || destination.status == KinesisStatus::kEnabling ||
          destination.status == KinesisStatus::kUpdating) &&
         destination.description.empty();
}

bool delivers_from(const Table& table, const StreamPtr& log) {
  return std::ranges::find(table.deliveries, log) != table.deliveries.end();
}

}  // namespace

void TableLogs::find_all(Table& table) const {
  const auto find = [this](store::SpaceId space, const char* what) {
    StreamPtr log = change_log_.find(space);
    if (log == nullptr) throw std::runtime_error(what);
    return log;
  };
  if (table.stream_space != 0) table.stream = find(table.stream_space, "a stream");
  if (table.recovery_space != 0) table.recovery = find(table.recovery_space, "the log of a recovery");
  for_each_region(table, [&](std::string_view /*region*/, const std::vector<KinesisDestination>& destinations) {
    for (const KinesisDestination& destination : destinations) {
      if (destination.space == 0) continue;
      table.deliveries.push_back(find(destination.space, "the log of a Kinesis destination"));
    }
  });
}

void TableLogs::replace_stream(Table& table, const Table& before, store::Batch& batch) {
  const bool had = before.stream != nullptr;
  const bool has = !table.stream_view_type.empty();
  if (had == has) return;
  if (!has) {
    table.stream_space = 0;
    table.stream = nullptr;
    return;
  }
  store_.require(store::Feature::kChangeLog);
  // A version without a change log may already have given the stream a label.
  const bool keep_label = !before.stream_view_type.empty() && !table.stream_label.empty();
  table.stream = change_log_.make(table, spaces_.take(batch), keep_label, batch);
}

void TableLogs::on_stream_changed(const Table& table, const Table& before) {
  if (table.stream == before.stream) return;
  if (table.stream != nullptr) change_log_.add(table.stream);
  if (before.stream == nullptr) return;
  stripes_.barrier();  // waits for writes that may still use the stream
  change_log_.close(before.stream);
}

void TableLogs::replace_others(Table& table, const Table& before, store::Batch& batch) {
  replace_recovery(table, before, batch);
  replace_deliveries(table, batch);
}

void TableLogs::replace_recovery(Table& table, const Table& before, store::Batch& batch) {
  note_recovery_times(table, clock_.now_ms());
  const bool had = before.recovery != nullptr;
  if (had == (recovery_days_of_all(table) != 0)) return;
  if (had) {
    table.recovery_space = 0;
    table.recovery = nullptr;
    return;
  }
  store_.require(store::Feature::kPointInTime);
  table.recovery = change_log_.make_recovery(table, spaces_.take(batch), batch);
}

std::optional<Table> TableLogs::on_recovery_changed(const Table& table, const Table& before) {
  if (table.recovery == before.recovery) {
    if (table.recovery != nullptr) keep_recovery_days(table);
    return std::nullopt;
  }
  stripes_.barrier();  // waits for writes that do not use the new log, or still use the old one
  if (before.recovery != nullptr) change_log_.drop(before.recovery);
  if (table.recovery == nullptr) return std::nullopt;
  change_log_.add(table.recovery);
  // From here on every change is in the log.
  Table logged = table;
  for_each_recovery(logged, [now_ms = clock_.now_ms()](std::int64_t days, std::int64_t& since_ms) {
    if (days != 0) since_ms = now_ms;
  });
  return logged;
}

void TableLogs::keep_recovery_days(const Table& table) {
  const std::int64_t days = recovery_days_of_all(table);
  // Zero: the last region with recovery is gone; the next change of the table removes the log.
  if (days != 0 && table.recovery->info().recovery_days != days) change_log_.keep_days(table.recovery, days);
}

void TableLogs::replace_deliveries(Table& table, store::Batch& batch) {
  std::vector<StreamPtr> logs;
  for_each_region(table, [&](std::string_view /*region*/, std::vector<KinesisDestination>& destinations) {
    for (KinesisDestination& destination : destinations) {
      if (!is_enabled(destination)) {
        destination.space = 0;
        continue;
      }
      if (destination.space == 0 && !delivers_) continue;
      if (destination.space == 0) {
        store_.require(store::Feature::kDeliveries);
        logs.push_back(change_log_.make_delivery(table, spaces_.take(batch), batch));
        destination.space = logs.back()->space();
        destination.found = false;
      } else {
        logs.push_back(change_log_.find(destination.space));
      }
    }
  });
  std::erase(logs, nullptr);
  table.deliveries = std::move(logs);
}

void TableLogs::on_deliveries_changed(const Table& table, const Table& before) {
  for (const StreamPtr& log : table.deliveries) {
    if (!delivers_from(before, log)) change_log_.add(log);
  }
  const auto is_gone = [&table](const StreamPtr& log) { return !delivers_from(table, log); };
  if (std::ranges::none_of(before.deliveries, is_gone)) return;
  stripes_.barrier();  // waits for writes that may still use the logs
  for (const StreamPtr& log : before.deliveries) {
    if (is_gone(log)) change_log_.drop(log);
  }
}

std::optional<Table> TableLogs::on_published(const Table& table, const Table& before) {
  on_stream_changed(table, before);
  std::optional<Table> logged = on_recovery_changed(table, before);
  on_deliveries_changed(table, before);
  return logged;
}

void TableLogs::end_all(const Table& table) {
  if (table.stream != nullptr) change_log_.close(table.stream);
  if (table.recovery != nullptr) change_log_.drop(table.recovery);
  for (const StreamPtr& delivery : table.deliveries) change_log_.drop(delivery);
}

void TableLogs::end_others(const std::vector<std::shared_ptr<const Table>>& tables) {
  std::vector<store::SpaceId> used;
  for (const auto& table : tables) {
    if (table->stream_space != 0) used.push_back(table->stream_space);
    if (table->recovery_space != 0) used.push_back(table->recovery_space);
    for (const StreamPtr& delivery : table->deliveries) used.push_back(delivery->space());
  }
  change_log_.close_others(used);
}

}  // namespace stator::engine
