#include "engine/catalog.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/api_error.h"
#include "core/random.h"
#include "engine/access_counts.h"
#include "engine/keys.h"
#include "engine/table_changes.h"
#include "engine/table_json.h"
#include "engine/table_status.h"
#include "engine/write_group.h"

namespace stator::engine {
namespace {

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

/// A copy of the table for the reply, which shows the transitional status even if the table is settled by then.
TablePtr reply(Table table) { return std::make_shared<const Table>(std::move(table)); }

}  // namespace

Catalog::Catalog(store::Store& store, Stripes& stripes, ChangeLog& change_log, const core::Clock& clock,
                 std::int64_t transition_delay_ms, std::int64_t vector_phase_ms, bool delivers, CatalogHooks hooks)
    : store_(store),
      stripes_(stripes),
      change_log_(change_log),
      clock_(clock),
      transition_delay_ms_(transition_delay_ms),
      vector_phase_ms_(std::max(vector_phase_ms, transition_delay_ms)),
      hooks_(std::move(hooks)),
      spaces_(store),
      logs_(store, stripes, change_log, clock, spaces_, delivers) {}

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
    logs_.find_all(table);
    publish(new_entry(std::move(table)));
  }
}

void Catalog::load() {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  std::vector<store::SpaceId> dropped;
  try {
    spaces_.load();
    change_log_.load();
    load_tables();
    dropped = spaces_.noted_as_dropped();
  } catch (const store::StoreError& error) {
    throw store::OpenError(std::string("the catalog of tables cannot be read: ") + error.what());
  } catch (const std::exception& error) {
    throw store::DamagedError(std::string("the catalog of tables is damaged: ") + error.what());
  }
  if (store_.is_read_only()) return;
  spaces_.drop(dropped);
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  for (const std::string& name : names) {
    settle(name);
    const TablePtr table = current(name);
    if (table == nullptr || table->status == TableStatus::kDeleting) continue;
    resume_restore(*table);
    if (table->recovery != nullptr) logs_.keep_recovery_days(*table);
    for (const Index& index : table->indexes) {
      if (index.backfilling && !is_being_filled(*table)) hooks_.build({table->state, index.space});
    }
    resume_ttl(*table);
    begin_missing_stream(*current(name));
  }
  logs_.end_others(all_tables());
}

void Catalog::begin_missing_stream(const Table& table) {
  if (table.stream_view_type.empty() || table.stream_space != 0) return;
  // The table was written by a version without a change log.
  Table changed = table;
  store::Batch batch;
  logs_.replace_stream(changed, table, batch);
  commit_with_logs(std::move(changed), table, {}, batch);
}

void Catalog::resume_ttl(const Table& table) {
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
  if (table == nullptr) throw_unknown_table(name);
  return table;
}

TablePtr Catalog::find(std::string_view name) {
  {
    const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) return nullptr;
    if (entry->second.due_ms == kNever || clock_.now_ms() < entry->second.due_ms) return entry->second.table;
  }
  WriteGroup::check_may_wait();
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
  table.space = spaces_.take(batch);
  table.status = TableStatus::kCreating;
  table.status_until_ms = now_ms + transition_delay_ms_;
  table.state = std::make_shared<TableState>();
  for (Index& index : table.indexes) {
    require_features(index);
    index.space = spaces_.take(batch);
    index.status = TableStatus::kCreating;
    index.status_until_ms = table.status_until_ms;
    index.backfilling = false;
  }
}

TablePtr Catalog::create(Table table) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  settle(table.name);
  if (const TablePtr known = current(table.name)) throw_name_in_use(*known);
  store::Batch batch;
  prepare_new(table, batch);
  const std::int64_t now_ms = table.created_ms;
  std::vector<store::SpaceId> gone;
  replace_ttl_range(table, gone, batch);
  table.ttl_building = false;  // there are no items
  logs_.replace_stream(table, {}, batch);
  TablePtr described = reply(table);
  settle_statuses(table, now_ms, gone);
  commit_with_logs(std::move(table), {}, gone, batch);
  start_ttl_jobs(*described);
  return described;
}

TablePtr Catalog::remove(std::string_view name) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = settled_or_throw(name);
  Table table = *before;
  check_deletable(table, clock_.now_ms());
  table.status = TableStatus::kDeleting;
  table.status_until_ms = clock_.now_ms() + transition_delay_ms_;
  TablePtr described = reply(table);
  try {
    if (table.recovery != nullptr) {
      // Published in memory only: if the process is killed before the backup is made, the table stays as it was.
      publish(new_entry(table));
      stripes_.barrier();
      hooks_.back_up_deleted(table);
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
    index.space = spaces_.take(batch);
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
  logs_.replace_stream(table, *before, batch);
  TablePtr described = reply(table);

  set_backfilling(table, added, true);
  std::vector<store::SpaceId> gone;
  settle_statuses(table, now_ms, gone);
  // The change may have removed regions, and with them their logs.
  commit_with_logs(std::move(table), *before, gone, batch);
  if (added.empty()) return described;

  // From here on every write sees the new indexes, so the backfill has to add only the items that already exist.
  stripes_.barrier();
  Table built = *current(name);
  if (!spaces_.is_empty(built.space)) {
    for (const store::SpaceId space : added) hooks_.build({built.state, space});
    return described;
  }
  set_backfilling(built, added, false);
  gone.clear();
  settle_statuses(built, now_ms, gone);
  batch.clear();
  commit_and_drop(std::move(built), gone, batch);
  return described;
}

TablePtr Catalog::annotate(std::string_view name, const std::function<void(Table&)>& change) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = settled_or_throw(name);
  if (before->restore) throw_unknown_table(name);
  Table table = *before;
  change(table);
  if (before->status == TableStatus::kDeleting) return annotate_deleted(*before, std::move(table));
  store::Batch batch;
  std::vector<store::SpaceId> gone;
  const bool other_ttl = table.ttl_attribute != before->ttl_attribute;
  note_transition(*before, table);
  if (other_ttl) replace_ttl_range(table, gone, batch);
  commit_with_logs(std::move(table), *before, gone, batch);
  if (other_ttl) begin_ttl(*current(name));
  return current(name);
}

void Catalog::hold(std::string_view name, const std::function<void(const TablePtr&)>& use) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr table = settled_or_throw(name);
  if (table->restore) throw_unknown_table(name);
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
  table.ttl_space = table.ttl_attribute.empty() ? 0 : spaces_.take(batch);
  table.ttl_building = table.ttl_space != 0;
  if (table.ttl_space != 0) store_.require(store::Feature::kExpiryRows);
}

void Catalog::begin_ttl(const Table& table) {
  if (table.ttl_space == 0) return;
  // From here on every write sees the new range, so the build has to add only the items that already exist.
  stripes_.barrier();
  if (!spaces_.is_empty(table.space)) {
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
  if (table.ttl_building) hooks_.build({table.state, table.ttl_space});
  hooks_.expire({table.state, table.ttl_space});
}

void Catalog::finish_build(const TableRange& range) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = range.state->newest(nullptr);
  if (before == nullptr) return;
  if (hooks_.filled) hooks_.filled();
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
  hooks_.restore({described->state, described->space});
  return described;
}

void Catalog::resume_restore(const Table& table) {
  if (is_being_filled(table)) hooks_.restore({table.state, table.space});
}

void Catalog::finish_restore(const TableRange& range) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr before = range.state->newest(nullptr);
  if (before == nullptr || !is_being_filled(*before)) return;
  if (hooks_.filled) hooks_.filled();
  Table table = *before;
  table.restore->copying = false;
  store::Batch batch;
  batch.remove(catalog_key(CatalogRow::kBuild, range.space));
  std::vector<store::SpaceId> gone;
  settle_statuses(table, clock_.now_ms(), gone);
  commit_and_drop(table, gone, batch);
  for (const Index& index : table.indexes) hooks_.build({table.state, index.space});
}

void Catalog::fail_restore(const TableRange& range) {
  const std::lock_guard<std::mutex> changing(change_mutex_);
  const TablePtr table = range.state->newest(nullptr);
  if (table != nullptr) erase(*table);
}

std::vector<TablePtr> Catalog::all_tables() const {
  std::vector<TablePtr> tables;
  const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
  for (const auto& [name, entry] : entries_) tables.push_back(entry.table);
  return tables;
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
  if (before == nullptr || now_ms < next_status_change_ms(*before)) return;
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
  commit_with_logs(std::move(table), *before, gone, batch);
}

Catalog::Entries Catalog::new_entry(Table table) {
  count_accesses(table);
  const TablePtr published = std::make_shared<const Table>(std::move(table));
  Entries entry;
  entry.emplace(published->name, Entry{published, next_status_change_ms(*published)});
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
  Spaces::note_dropped(gone, batch);
  commit(std::move(table), batch);
  if (gone.empty()) return;
  stripes_.barrier();  // waits for writes that may still use the spaces
  spaces_.drop(gone);
}

void Catalog::commit_with_logs(Table table, const Table& before, const std::vector<store::SpaceId>& gone,
                               store::Batch& batch) {
  logs_.replace_others(table, before, batch);
  const std::string name = table.name;
  commit_and_drop(std::move(table), gone, batch);
  if (std::optional<Table> logged = logs_.on_published(*current(name), before)) {
    store::Batch since;
    commit(*std::move(logged), since);
  }
}

void Catalog::erase(const Table& table) {
  std::vector<store::SpaceId> spaces = {table.space};
  for (const Index& index : table.indexes) spaces.push_back(index.space);
  if (table.ttl_space != 0) spaces.push_back(table.ttl_space);
  store::Batch batch;
  batch.remove(catalog_key(CatalogRow::kTable, table.name));
  Spaces::note_dropped(spaces, batch);
  store_.write(batch);
  forget(table);
  stripes_.barrier();
  logs_.end_all(table);
  spaces_.drop(spaces);
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

}  // namespace stator::engine
