#include "engine/catalog.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/api_error.h"
#include "core/random.h"
#include "engine/access_counts.h"
#include "engine/import/import_info.h"
#include "engine/keys.h"
#include "engine/replicas.h"
#include "engine/table_changes.h"
#include "engine/table_json.h"
#include "engine/writes_together.h"

namespace stator::engine {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Whether items from a backup or a bucket are still being written to the table.
bool is_being_filled(const Table& table) { return table.restore && table.restore->copying; }

/// The time of the next change of status, or kNever.
std::int64_t due_ms(const Table& table) {
  if (is_being_filled(table)) return kNever;
  std::int64_t due = table.status == TableStatus::kActive ? kNever : table.status_until_ms;
  if (table.status != TableStatus::kDeleting) due = std::min(due, next_change_done_ms(table));
  if (const auto replicas_ms = next_change_of_replicas(table)) due = std::min(due, *replicas_ms);
  for (const Index& index : table.indexes) {
    if (index.status == TableStatus::kActive) continue;
    if (index.backfilling && table.status != TableStatus::kDeleting) {
      // The end of the backfill settles index and table. Only a vector index does not delay the table.
      if (!index.vector || table.status == TableStatus::kCreating) return kNever;
      continue;
    }
    due = std::min(due, index.status_until_ms);
  }
  return due;
}

/// Makes the changes of status that are due, and adds the spaces of deleted indexes to `gone`. A table is UPDATING
/// until its indexes are settled. A table that is DELETING is not changed.
void settle_statuses(Table& table, std::int64_t now_ms, std::vector<store::SpaceId>& gone) {
  if (table.status == TableStatus::kDeleting || is_being_filled(table)) return;
  settle_replicas(table, now_ms);
  bool waiting = false;
  std::erase_if(table.indexes, [&](Index& index) {
    if (index.status == TableStatus::kActive) return false;
    if (index.backfilling || now_ms < index.status_until_ms) {
      // A table becomes ACTIVE while a vector index is still being filled.
      const bool filled_behind = index.vector && index.status == TableStatus::kCreating;
      waiting = waiting || !filled_behind || table.status == TableStatus::kCreating;
      return false;
    }
    if (index.status == TableStatus::kDeleting) {
      gone.push_back(index.space);
      return true;
    }
    index.status = TableStatus::kActive;
    return false;
  });
  if (!waiting && now_ms >= table.status_until_ms) {
    table.status = TableStatus::kActive;
    table.restore.reset();
  }
  settle_changes(table, now_ms);
}

[[noreturn]] void throw_in_use(std::string message) {
  throw core::ApiError(core::ErrorCode::kResourceInUse, std::move(message));
}

[[noreturn]] void throw_unknown(std::string_view name) {
  core::throw_resource_not_found("Requested resource not found: Table: " + std::string(name) + " not found");
}

bool has_changing_index(const Table& table) {
  return std::any_of(table.indexes.begin(), table.indexes.end(),
                     [](const Index& index) { return index.status != TableStatus::kActive; });
}

void check_deletable(const Table& table) {
  refuse_while_creating_or_deleting(table);
  if (has_changing_index(table)) {
    throw_still_in_use("Cannot delete table while indexes are being created, updated, or deleted.");
  }
  const bool updating = table.status == TableStatus::kUpdating;
  if (updating && table.before != nullptr && table.before->stream_view_type != table.stream_view_type) {
    throw_still_in_use("Cannot delete table while stream is being enabled/disabled.");
  }
  if (updating || next_change_done_ms(table) != kNever) {
    throw_still_in_use("Table: " + table.name + " is in the process of being updated.");
  }
}

bool is_import(const Table& table) { return table.restore && engine::is_import(*table.restore); }

/// Throws if the table is being restored: then it counts as not existing, except for DescribeTable. A table that is
/// being imported counts as CREATING instead.
void check_restored(const Table& table) {
  if (table.restore && !is_import(table)) throw_unknown(table.name);
}

void check_updatable(const Table& table) {
  check_restored(table);
  refuse_while_creating_or_deleting(table);
  if (has_changing_replica(table)) throw_in_use("The resource which you are attempting to change is in use.");
}

/// Counts accesses of the table and its indexes as long as some region has contributor insights.
void count_accesses(Table& table) {
  const auto count = [](bool wanted, std::shared_ptr<AccessCounts>& counts) {
    if (!wanted) counts.reset();
    if (wanted && counts == nullptr) counts = std::make_shared<AccessCounts>();
  };
  const auto wanted_for = [&table](const Index& index) {
    return index.insights.enabled || std::ranges::any_of(table.replicas, [&index](const Replica& replica) {
             return std::ranges::any_of(replica.indexes, [&index](const ReplicaIndex& own) {
               return own.name == index.name && own.insights.enabled;
             });
           });
  };
  count(
      table.insights.enabled ||
          std::ranges::any_of(table.replicas, [](const Replica& replica) { return replica.settings.insights.enabled; }),
      table.accesses);
  for (Index& index : table.indexes) count(wanted_for(index), index.accesses);
}

/// A region's recovery begins when its number of days is set.
void note_recovery_times(Table& table, std::int64_t now_ms) {
  const auto note = [now_ms](std::int64_t days, std::int64_t& since_ms) {
    if (days == 0) since_ms = 0;
    if (days != 0 && since_ms == 0) since_ms = now_ms;
  };
  note(table.recovery_days, table.recovery_since_ms);
  for (Replica& replica : table.replicas) note(replica.settings.recovery_days, replica.settings.recovery_since_ms);
}

/// A copy of the table for the reply, which shows the transitional status even if the table is settled by then.
TablePtr reply(Table table) { return std::make_shared<const Table>(std::move(table)); }

/// Adds the indexes of `before` that `table` lacks, as DELETING.
void keep_dropped_indexes(Table& table, const Table& before, std::int64_t until_ms) {
  for (const Index& index : before.indexes) {
    const bool kept = std::any_of(table.indexes.begin(), table.indexes.end(),
                                  [&index](const Index& candidate) { return candidate.space == index.space; });
    if (kept) continue;
    table.indexes.push_back(index);
    table.indexes.back().status = TableStatus::kDeleting;
    table.indexes.back().status_until_ms = until_ms;
    // Makes the build end.
    table.indexes.back().backfilling = false;
  }
}

void set_backfilling(Table& table, const std::vector<store::SpaceId>& spaces, bool backfilling) {
  for (Index& index : table.indexes) {
    if (std::find(spaces.begin(), spaces.end(), index.space) != spaces.end()) index.backfilling = backfilling;
  }
}

}  // namespace

Catalog::Catalog(store::Store& store, Stripes& stripes, ChangeLog& change_log, const core::Clock& clock,
                 std::int64_t transition_delay_ms, std::int64_t vector_phase_ms, bool delivers, CatalogJobs jobs)
    : store_(store),
      stripes_(stripes),
      change_log_(change_log),
      clock_(clock),
      transition_delay_ms_(transition_delay_ms),
      delivers_(delivers),
      vector_phase_ms_(std::max(vector_phase_ms, transition_delay_ms)),
      jobs_(std::move(jobs)) {}

Catalog::~Catalog() {
  // Breaks the cycle of shared pointers between tables and their states.
  for (const auto& [name, entry] : entries_) entry.table->state->publish(nullptr);
}

void Catalog::load_tables() {
  const std::string lower = catalog_key(CatalogRow::kTable);
  const auto tables = store_.cursor(lower, store::prefix_end(lower));
  for (tables->seek_to_first(); tables->valid(); tables->next()) {
    Table table = table_from_json(tables->value());
    if (tables->key().substr(lower.size()) != table.name) throw std::runtime_error("a name");
    table.state = std::make_shared<TableState>();
    if (table.stream_space != 0) {
      table.stream = change_log_.find(table.stream_space);
      if (table.stream == nullptr) throw std::runtime_error("a stream");
    }
    if (table.recovery_space != 0) {
      table.recovery = change_log_.find(table.recovery_space);
      if (table.recovery == nullptr) throw std::runtime_error("the log of a recovery");
    }
    for_each_region(table, [&](std::string_view /*region*/, const std::vector<KinesisDestination>& destinations) {
      for (const KinesisDestination& destination : destinations) {
        if (destination.space == 0) continue;
        table.deliveries.push_back(change_log_.find(destination.space));
        if (table.deliveries.back() == nullptr) throw std::runtime_error("the log of a Kinesis destination");
      }
    });
    publish(new_entry(std::move(table)));
  }
}

std::vector<store::SpaceId> Catalog::read_dropped_spaces() {
  std::vector<store::SpaceId> dropped;
  const std::string lower = catalog_key(CatalogRow::kDropped);
  const auto rows = store_.cursor(lower, store::prefix_end(lower));
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    const std::string_view key = rows->key().substr(lower.size());
    store::SpaceId space = 0;
    for (const char byte : key) space = space << 8 | static_cast<unsigned char>(byte);
    if (key.size() != sizeof(space) || space == 0) throw std::runtime_error("a dropped space");
    dropped.push_back(space);
  }
  return dropped;
}

void Catalog::load() {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  std::vector<store::SpaceId> dropped;
  try {
    std::string text;
    if (store_.get(catalog_key(CatalogRow::kNextSpace), text)) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), next_space_);
      if (error != std::errc() || end != text.data() + text.size()) throw std::runtime_error("the next space");
    }
    change_log_.load();
    load_tables();
    dropped = read_dropped_spaces();
  } catch (const store::StoreError& error) {
    throw store::OpenError(std::string("the catalog of tables cannot be read: ") + error.what());
  } catch (const std::exception& error) {
    throw store::DamagedError(std::string("the catalog of tables is damaged: ") + error.what());
  }
  if (store_.is_read_only()) return;
  drop_spaces(dropped);
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  for (const std::string& name : names) {
    settle(name);
    const TablePtr table = current(name);
    if (table == nullptr || table->status == TableStatus::kDeleting) continue;
    take_up_restore(*table);
    if (table->recovery != nullptr) keep_recovery_days(*table);
    for (const Index& index : table->indexes) {
      if (index.backfilling && !is_being_filled(*table)) jobs_.build({table->state, index.space});
    }
    take_up_ttl(*table);
    take_up_stream(*current(name));
  }
  close_streams_without_table();
}

void Catalog::take_up_stream(const Table& table) {
  if (table.stream_view_type.empty() || table.stream_space != 0) return;
  // The table was written by a version without a change log.
  Table changed = table;
  store::Batch batch;
  const StreamPtr begun = replace_stream(changed, nullptr, batch);
  commit(std::move(changed), batch);
  stream_changed(nullptr, begun);
}

void Catalog::close_streams_without_table() {
  std::vector<store::SpaceId> enabled;
  for (const auto& [name, entry] : entries_) {
    if (entry.table->stream_space != 0) enabled.push_back(entry.table->stream_space);
    if (entry.table->recovery_space != 0) enabled.push_back(entry.table->recovery_space);
    for (const StreamPtr& delivery : entry.table->deliveries) enabled.push_back(delivery->space());
  }
  change_log_.close_others(enabled);
}

StreamPtr Catalog::replace_stream(Table& table, const Table* before, store::Batch& batch) {
  const bool had = before != nullptr && before->stream != nullptr;
  const bool has = !table.stream_view_type.empty();
  if (had == has) return nullptr;
  if (!has) {
    table.stream_space = 0;
    table.stream = nullptr;
    return nullptr;
  }
  store_.require(store::Feature::kChangeLog);
  // A version without a change log may already have given the stream a label.
  const bool keep_label = before == nullptr && !table.stream_label.empty();
  table.stream = change_log_.make(table, new_space(batch), keep_label, batch);
  return table.stream;
}

void Catalog::stream_changed(const Table* before, const StreamPtr& begun) {
  if (begun != nullptr) change_log_.add(begun);
  if (before == nullptr || before->stream == nullptr) return;
  stripes_.barrier();  // waits for writes that may still use the stream
  change_log_.close(before->stream);
}

void Catalog::replace_deliveries(Table& table, store::Batch& batch) {
  std::vector<StreamPtr> logs;
  for_each_region(table, [&](std::string_view /*region*/, std::vector<KinesisDestination>& destinations) {
    for (KinesisDestination& destination : destinations) {
      const bool enabled =
          (destination.status == KinesisStatus::kActive || destination.status == KinesisStatus::kEnabling ||
           destination.status == KinesisStatus::kUpdating) &&
          destination.description.empty();
      if (!enabled) {
        destination.space = 0;
        continue;
      }
      if (destination.space == 0 && !delivers_) continue;
      if (destination.space == 0) {
        store_.require(store::Feature::kDeliveries);
        logs.push_back(change_log_.make_delivery(table, new_space(batch), batch));
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

void Catalog::deliveries_changed(const Table& table, const Table& before) {
  const auto holds = [](const Table& version, const StreamPtr& log) {
    return std::ranges::find(version.deliveries, log) != version.deliveries.end();
  };
  for (const StreamPtr& log : table.deliveries) {
    if (!holds(before, log)) change_log_.add(log);
  }
  const auto is_gone = [&](const StreamPtr& log) { return !holds(table, log); };
  if (std::ranges::none_of(before.deliveries, is_gone)) return;
  stripes_.barrier();  // waits for writes that may still use the logs
  for (const StreamPtr& log : before.deliveries) {
    if (is_gone(log)) change_log_.drop(log);
  }
}

void Catalog::replace_recovery(Table& table, const Table& before, store::Batch& batch) {
  note_recovery_times(table, clock_.now_ms());
  const bool had = before.recovery != nullptr;
  if (had == (recovery_days_of_all(table) != 0)) return;
  if (had) {
    table.recovery_space = 0;
    table.recovery = nullptr;
    return;
  }
  store_.require(store::Feature::kPointInTime);
  table.recovery = change_log_.make_recovery(table, new_space(batch), batch);
}

void Catalog::recovery_changed(const Table& table, const Table& before) {
  if (table.recovery == before.recovery) {
    if (table.recovery != nullptr) keep_recovery_days(table);
    return;
  }
  stripes_.barrier();  // waits for writes that do not use the new log, or still use the old one
  if (before.recovery != nullptr) change_log_.drop(before.recovery);
  if (table.recovery == nullptr) return;
  change_log_.add(table.recovery);
  // From here on every change is in the log.
  Table logged = table;
  const auto begin = [now_ms = clock_.now_ms()](std::int64_t days, std::int64_t& since_ms) {
    if (days != 0) since_ms = now_ms;
  };
  begin(logged.recovery_days, logged.recovery_since_ms);
  for (Replica& replica : logged.replicas) begin(replica.settings.recovery_days, replica.settings.recovery_since_ms);
  store::Batch batch;
  commit(std::move(logged), batch);
}

void Catalog::keep_recovery_days(const Table& table) {
  const std::int64_t days = recovery_days_of_all(table);
  // Zero: the last region with recovery is gone; the next change of the table removes the log.
  if (days != 0 && table.recovery->info().recovery_days != days) change_log_.keep_days(table.recovery, days);
}

void Catalog::take_up_ttl(const Table& table) {
  if (table.ttl_attribute.empty() || table.ttl_space != 0) {
    start_ttl_jobs(table);
    return;
  }
  // The table was written by a version without time-to-live ranges.
  Table changed = table;
  std::vector<store::SpaceId> gone;
  store::Batch batch;
  replace_ttl_range(changed, gone, batch);
  commit_and_drop(std::move(changed), gone, batch);
  start_ttl_jobs(*current(table.name));
}

TablePtr Catalog::current(std::string_view name) const {
  const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : entry->second.table;
}

TablePtr Catalog::settled_or_throw(std::string_view name) {
  settle(name);
  TablePtr table = current(name);
  if (table == nullptr) throw_unknown(name);
  return table;
}

TablePtr Catalog::find(std::string_view name) {
  {
    const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) return nullptr;
    if (entry->second.due_ms == kNever || clock_.now_ms() < entry->second.due_ms) return entry->second.table;
  }
  WritesTogether::check_may_wait();
  const std::lock_guard<std::mutex> changing(change_mutex_);
  settle(name);
  return current(name);
}

std::vector<std::string> Catalog::list(std::string_view after, std::size_t limit) {
  std::vector<std::string> due;
  const std::int64_t now_ms = clock_.now_ms();
  {
    const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
    for (const auto& [name, entry] : entries_) {
      if (entry.due_ms <= now_ms) due.push_back(name);
    }
  }
  for (const std::string& name : due) find(name);

  std::vector<std::string> names;
  const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
  for (auto entry = entries_.upper_bound(after); entry != entries_.end() && names.size() < limit; ++entry) {
    names.push_back(entry->first);
  }
  return names;
}

void Catalog::require_features(const Index& index) {
  if (index.vector) store_.require(store::Feature::kVectorIndexes);
}

void Catalog::prepare_new(Table& table, store::Batch& batch) {
  const std::int64_t now_ms = clock_.now_ms();
  if (table.id.empty()) table.id = core::random_uuid();
  table.created_ms = now_ms;
  table.space = new_space(batch);
  table.status = TableStatus::kCreating;
  table.status_until_ms = now_ms + transition_delay_ms_;
  table.state = std::make_shared<TableState>();
  for (Index& index : table.indexes) {
    require_features(index);
    index.space = new_space(batch);
    index.status = TableStatus::kCreating;
    index.status_until_ms = table.status_until_ms;
    index.backfilling = false;
  }
}

TablePtr Catalog::create(Table table) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  settle(table.name);
  if (const TablePtr known = current(table.name)) {
    if (known->restore && !is_import(*known)) throw_in_use("Table is being used: " + table.name);
    refuse_while_creating(*known);
    throw_in_use("Table already exists: " + table.name);
  }
  store::Batch batch;
  prepare_new(table, batch);
  const std::int64_t now_ms = table.created_ms;
  std::vector<store::SpaceId> gone;
  replace_ttl_range(table, gone, batch);
  table.ttl_building = false;  // there are no items
  const StreamPtr stream = replace_stream(table, nullptr, batch);
  TablePtr described = reply(table);
  settle_statuses(table, now_ms, gone);
  commit(std::move(table), batch);
  stream_changed(nullptr, stream);
  start_ttl_jobs(*described);
  return described;
}

TablePtr Catalog::remove(std::string_view name) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = settled_or_throw(name);
  Table table = *before;
  check_deletable(table);
  if (clock_.now_ms() < table.tags_until_ms) {
    throw_still_in_use("Table tags are being updated: " + table.name);
  }
  if (table.deletion_protection) {
    core::throw_validation(
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
        "protection first.");
  }
  table.status = TableStatus::kDeleting;
  table.status_until_ms = clock_.now_ms() + transition_delay_ms_;
  TablePtr described = reply(table);
  try {
    if (table.recovery != nullptr) {
      // Published in memory only: if the process is killed before the backup is made, the table stays as it was.
      publish(new_entry(table));
      stripes_.barrier();
      jobs_.keep_deleted(table);
    }
    if (transition_delay_ms_ > 0) {
      store::Batch batch;
      commit(table, batch);
    } else {
      erase(table);
    }
  } catch (...) {
    if (current(name) != nullptr) publish(new_entry(*before));
    throw;
  }
  return described;
}

std::vector<store::SpaceId> Catalog::begin_index_changes(Table& table, const Table& before, std::int64_t now_ms,
                                                         store::Batch& batch) {
  const std::int64_t until_ms = now_ms + transition_delay_ms_;
  std::vector<store::SpaceId> added;
  for (Index& index : table.indexes) {
    const Index* old = before.index(index.name);
    if (index.status == TableStatus::kUpdating && old != nullptr && old->status == TableStatus::kActive) {
      index.status_until_ms = until_ms;
    }
    if (index.space != 0) continue;
    index.space = new_space(batch);
    index.status = TableStatus::kCreating;
    index.status_until_ms = until_ms;
    if (index.vector) {
      // In two phases: resources are allocated while the table is UPDATING, then items are indexed.
      require_features(index);
      table.status_until_ms = now_ms + vector_phase_ms_;
      index.status_until_ms = now_ms + 2 * vector_phase_ms_;
    }
    added.push_back(index.space);
  }
  return added;
}

TablePtr Catalog::update(std::string_view name, const std::function<void(Table&)>& change, const UpdateScopeOf& scope) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = settled_or_throw(name);
  check_updatable(*before);
  const bool updates_table = scope(*before) == UpdateScope::kTable;
  Table table = *before;
  change(table);
  table.before = std::make_shared<const Table>(before_changes(*before));

  store::Batch batch;
  const std::int64_t now_ms = clock_.now_ms();
  const std::int64_t until_ms = now_ms + transition_delay_ms_;
  if (updates_table) {
    table.status = TableStatus::kUpdating;
    table.status_until_ms = until_ms;
  }
  const std::vector<store::SpaceId> added = begin_index_changes(table, *before, now_ms, batch);
  keep_dropped_indexes(table, *before, until_ms);
  const StreamPtr stream = replace_stream(table, before.get(), batch);
  const bool other_stream = table.stream != before->stream;
  TablePtr described = reply(table);

  set_backfilling(table, added, true);
  std::vector<store::SpaceId> gone;
  settle_statuses(table, now_ms, gone);
  // Regions may be gone, and with them their recovery and Kinesis settings.
  replace_recovery(table, *before, batch);
  replace_deliveries(table, batch);
  commit_and_drop(table, gone, batch);
  if (other_stream) stream_changed(before.get(), stream);
  recovery_changed(*current(name), *before);
  deliveries_changed(*current(name), *before);
  if (added.empty()) return described;

  // From here on every write sees the new indexes, so the backfill has to add only the items that already exist.
  stripes_.barrier();
  if (has_items(table)) {
    for (const store::SpaceId space : added) jobs_.build({table.state, space});
    return described;
  }
  set_backfilling(table, added, false);
  gone.clear();
  settle_statuses(table, now_ms, gone);
  batch.clear();
  commit_and_drop(std::move(table), gone, batch);
  return described;
}

TablePtr Catalog::annotate(std::string_view name, const std::function<void(Table&)>& change) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = settled_or_throw(name);
  if (before->restore) throw_unknown(name);
  Table table = *before;
  change(table);
  if (before->status == TableStatus::kDeleting) return annotate_deleted(*before, std::move(table));
  store::Batch batch;
  std::vector<store::SpaceId> gone;
  const bool other_ttl = table.ttl_attribute != before->ttl_attribute;
  note_transition(*before, table);
  if (other_ttl) replace_ttl_range(table, gone, batch);
  replace_recovery(table, *before, batch);
  replace_deliveries(table, batch);
  commit_and_drop(std::move(table), gone, batch);
  recovery_changed(*current(name), *before);
  deliveries_changed(*current(name), *before);
  if (other_ttl) begin_ttl(*current(name));
  return current(name);
}

void Catalog::hold(std::string_view name, const std::function<void(const TablePtr&)>& use) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr table = settled_or_throw(name);
  if (table->restore) throw_unknown(name);
  use(table);
}

TablePtr Catalog::annotate_deleted(const Table& before, Table table) {
  Table noted = before;
  noted.ttl_attribute = table.ttl_attribute;
  noted.kinesis = table.kinesis;
  if (table_to_json(noted) != table_to_json(table)) refuse_while_creating_or_deleting(before);
  store::Batch batch;
  commit(std::move(table), batch);
  return current(before.name);
}

void Catalog::note_transition(const Table& before, Table& table) const {
  if (transition_delay_ms_ <= 0) return;
  const std::int64_t now_ms = clock_.now_ms();
  if (table.ttl_attribute != before.ttl_attribute) table.ttl_until_ms = now_ms + transition_delay_ms_;
  if (table.tags == before.tags) return;
  if (now_ms >= before.tags_until_ms) table.tags_before = before.tags;
  table.tags_until_ms = now_ms + transition_delay_ms_;
}

void Catalog::replace_ttl_range(Table& table, std::vector<store::SpaceId>& gone, store::Batch& batch) {
  if (table.ttl_space != 0) gone.push_back(table.ttl_space);
  table.ttl_space = table.ttl_attribute.empty() ? 0 : new_space(batch);
  table.ttl_building = table.ttl_space != 0;
  if (table.ttl_space != 0) store_.require(store::Feature::kExpiryRows);
}

void Catalog::begin_ttl(const Table& table) {
  if (table.ttl_space == 0) return;
  // From here on every write sees the new range, so the build has to add only the items that already exist.
  stripes_.barrier();
  if (has_items(table)) {
    start_ttl_jobs(table);
    return;
  }
  Table built = table;
  built.ttl_building = false;
  store::Batch batch;
  commit(std::move(built), batch);
  start_ttl_jobs(*current(table.name));
}

void Catalog::start_ttl_jobs(const Table& table) {
  if (table.ttl_space == 0) return;
  if (table.ttl_building) jobs_.build({table.state, table.ttl_space});
  jobs_.expire({table.state, table.ttl_space});
}

void Catalog::finish_build(const TableRange& range) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = range.state->newest(nullptr);
  if (before == nullptr) return;
  if (jobs_.filled) jobs_.filled();
  Table table = *before;
  store::Batch batch;
  for (Index& index : table.indexes) {
    if (index.space == range.space) index.backfilling = false;
  }
  if (table.ttl_space == range.space) table.ttl_building = false;
  batch.remove(catalog_key(CatalogRow::kBuild, range.space));
  std::vector<store::SpaceId> gone;
  settle_statuses(table, clock_.now_ms(), gone);
  commit_and_drop(std::move(table), gone, batch);
}

TablePtr Catalog::restore(Table table) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  settle(table.name);
  if (current(table.name) != nullptr) {
    throw core::ApiError(core::ErrorCode::kTableAlreadyExists, "Table already exists: " + table.name);
  }
  store_.require(store::Feature::kRestores);
  store::Batch batch;
  prepare_new(table, batch);
  for (Index& index : table.indexes) index.backfilling = true;
  TablePtr described = reply(table);
  commit(std::move(table), batch);
  jobs_.restore({described->state, described->space});
  return described;
}

void Catalog::take_up_restore(const Table& table) {
  if (is_being_filled(table)) jobs_.restore({table.state, table.space});
}

void Catalog::finish_restore(const TableRange& range) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = range.state->newest(nullptr);
  if (before == nullptr || !is_being_filled(*before)) return;
  if (jobs_.filled) jobs_.filled();
  Table table = *before;
  table.restore->copying = false;
  store::Batch batch;
  batch.remove(catalog_key(CatalogRow::kBuild, range.space));
  std::vector<store::SpaceId> gone;
  settle_statuses(table, clock_.now_ms(), gone);
  commit_and_drop(table, gone, batch);
  for (const Index& index : table.indexes) jobs_.build({table.state, index.space});
}

void Catalog::fail_restore(const TableRange& range) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr table = range.state->newest(nullptr);
  if (table != nullptr) erase(*table);
}

std::vector<std::string> Catalog::cuts_in_use() const {
  std::vector<std::string> cuts;
  const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
  for (const auto& [name, entry] : entries_) {
    if (is_being_filled(*entry.table)) cuts.push_back(entry.table->restore->cut);
  }
  return cuts;
}

std::vector<TablePtr> Catalog::tables_with_deliveries() const {
  std::vector<TablePtr> tables;
  const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
  for (const auto& [name, entry] : entries_) {
    if (!entry.table->deliveries.empty()) tables.push_back(entry.table);
  }
  return tables;
}

bool Catalog::is_being_restored(std::string_view backup_id) const {
  const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
  return std::ranges::any_of(entries_, [&](const auto& entry) {
    const std::optional<RestoreOrigin>& restore = entry.second.table->restore;
    return restore && restore->backup_id == backup_id;
  });
}

void Catalog::settle(std::string_view name) {
  const TablePtr before = current(name);
  const std::int64_t now_ms = clock_.now_ms();
  if (before == nullptr || now_ms < due_ms(*before)) return;
  if (before->status == TableStatus::kDeleting) {
    store_.is_read_only() ? forget(*before) : erase(*before);
    return;
  }
  Table table = *before;
  std::vector<store::SpaceId> gone;
  settle_statuses(table, now_ms, gone);
  if (store_.is_read_only()) {
    publish(new_entry(std::move(table)));
    return;
  }
  store::Batch batch;
  replace_recovery(table, *before, batch);
  replace_deliveries(table, batch);
  commit_and_drop(std::move(table), gone, batch);
  recovery_changed(*current(name), *before);
  deliveries_changed(*current(name), *before);
}

Catalog::Entries Catalog::new_entry(Table table) {
  count_accesses(table);
  const TablePtr published = std::make_shared<const Table>(std::move(table));
  Entries entry;
  entry.emplace(published->name, Entry{published, due_ms(*published)});
  return entry;
}

void Catalog::publish(Entries&& entry) {
  const TablePtr table = entry.begin()->second.table;
  const std::unique_lock<std::shared_mutex> writing(entries_mutex_);
  const auto known = entries_.find(table->name);
  if (known == entries_.end()) {
    entries_.merge(entry);
  } else {
    known->second = std::move(entry.begin()->second);
  }
  table->state->publish(table);
}

void Catalog::commit(Table table, store::Batch& batch) {
  const std::string row = table_to_json(table);
  batch.put(catalog_key(CatalogRow::kTable, table.name), row);
  // Forget the unknown members of removed tags and indexes.
  if (!table.unknown_members.empty()) table.unknown_members = table_from_json(row).unknown_members;
  Entries entry = new_entry(std::move(table));
  store_.write(batch);
  publish(std::move(entry));
}

void Catalog::commit_and_drop(Table table, const std::vector<store::SpaceId>& gone, store::Batch& batch) {
  for (const store::SpaceId space : gone) batch.put(catalog_key(CatalogRow::kDropped, space), {});
  commit(std::move(table), batch);
  if (gone.empty()) return;
  stripes_.barrier();  // waits for writes that may still use the spaces
  drop_spaces(gone);
}

void Catalog::erase(const Table& table) {
  std::vector<store::SpaceId> spaces = {table.space};
  for (const Index& index : table.indexes) spaces.push_back(index.space);
  if (table.ttl_space != 0) spaces.push_back(table.ttl_space);
  store::Batch batch;
  batch.remove(catalog_key(CatalogRow::kTable, table.name));
  for (const store::SpaceId space : spaces) batch.put(catalog_key(CatalogRow::kDropped, space), {});
  store_.write(batch);
  forget(table);
  stripes_.barrier();
  if (table.stream != nullptr) change_log_.close(table.stream);
  if (table.recovery != nullptr) change_log_.drop(table.recovery);
  for (const StreamPtr& delivery : table.deliveries) change_log_.drop(delivery);
  drop_spaces(spaces);
}

void Catalog::forget(const Table& table) {
  const std::shared_ptr<TableState> state = table.state;
  {
    const std::unique_lock<std::shared_mutex> writing(entries_mutex_);
    const auto entry = entries_.find(table.name);
    if (entry != entries_.end()) entries_.erase(entry);
  }
  state->publish(nullptr);
}

void Catalog::drop_spaces(const std::vector<store::SpaceId>& spaces) {
  store::Batch batch;
  for (const store::SpaceId space : spaces) {
    const KeyBounds rows = space_bounds(space);
    store_.delete_range(rows.lower, rows.upper);
    const std::string counters = catalog_key(CatalogRow::kCounters, space);
    store_.delete_range(counters, store::prefix_end(counters));
    batch.remove(catalog_key(CatalogRow::kBuild, space));
    batch.remove(catalog_key(CatalogRow::kDropped, space));
  }
  if (!batch.empty()) store_.write(batch);
}

store::SpaceId Catalog::new_space(store::Batch& batch) {
  const store::SpaceId space = next_space_++;
  batch.put(catalog_key(CatalogRow::kNextSpace), std::to_string(next_space_));
  return space;
}

bool Catalog::has_items(const Table& table) const {
  const KeyBounds bounds = space_bounds(table.space);
  const auto cursor = store_.cursor(bounds.lower, bounds.upper);
  cursor->seek_to_first();
  return cursor->valid();
}

}  // namespace stator::engine
