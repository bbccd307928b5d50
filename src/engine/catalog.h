#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "engine/engine.h"
#include "engine/log/change_log.h"
#include "engine/state.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// A range of a table that background jobs work on: the entries of an index, or the time-to-live rows.
struct TableRange {
  std::shared_ptr<TableState> state;
  store::SpaceId space = 0;
};

/// What the catalog has done: the background jobs that it starts, and what must happen in between. They must not call
/// back.
struct CatalogJobs {
  /// The range's rows are to be made from the table's items; `finish_build` is to be called then.
  std::function<void(TableRange)> build;
  /// Items of the table are to expire, as long as it has this time-to-live range.
  std::function<void(TableRange)> expire;
  /// The table (its own space is the range) is to get the items that it is restored from; `finish_restore` or
  /// `fail_restore` is to be called then.
  std::function<void(TableRange)> restore = {};
  /// A table with point-in-time recovery is being deleted: there are no more writes to it, but its items still
  /// exist.
  std::function<void(const Table&)> keep_deleted = {};
  /// An index or table that was being filled is about to become visible.
  std::function<void()> filled = {};
};

/// The tables: kept as rows in space 0, published as an immutable version each. Changes of status that only wait for
/// their time (CREATING, UPDATING, DELETING) are made by the next call that reads the table.
class Catalog {
 public:
  Catalog(store::Store& store, Stripes& stripes, ChangeLog& change_log, const core::Clock& clock,
          std::int64_t transition_delay_ms, std::int64_t vector_phase_ms, bool delivers, CatalogJobs jobs);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// Reads the rows and, unless the store is read-only, takes up what was left undone. Throws store::OpenError where a
  /// row is damaged.
  void load();

  TablePtr find(std::string_view name);
  std::vector<std::string> list(std::string_view after, std::size_t limit);
  /// How many there are, those included whose deletion has only to be noted.
  [[nodiscard]] std::size_t size() const {
    const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
    return entries_.size();
  }
  TablePtr create(Table table);
  TablePtr remove(std::string_view name);
  TablePtr update(std::string_view name, const std::function<void(Table&)>& change, const UpdateScopeOf& scope);
  TablePtr annotate(std::string_view name, const std::function<void(Table&)>& change);
  /// Calls `use` with the table, which nothing changes meanwhile. Throws ResourceNotFoundException, as for a table that
  /// is being filled.
  void hold(std::string_view name, const std::function<void(const TablePtr&)>& use);
  /// The range's rows are complete.
  void finish_build(const TableRange& range);
  /// Publishes a new table that is to be filled from `table.restore`. It is CREATING until it is whole. Throws
  /// TableAlreadyExistsException.
  TablePtr restore(Table table);
  /// All items are there; the indexes are next.
  void finish_restore(const TableRange& range);
  /// Removes the table with all that belongs to it.
  void fail_restore(const TableRange& range);
  /// The checkpoints that tables are being filled from.
  [[nodiscard]] std::vector<std::string> cuts_in_use() const;
  /// Those that have a Kinesis destination with a log, by name.
  [[nodiscard]] std::vector<TablePtr> tables_with_deliveries() const;
  /// Whether a table that comes from this backup is not whole yet.
  [[nodiscard]] bool is_being_restored(std::string_view backup_id) const;

  [[nodiscard]] std::int64_t transition_delay_ms() const { return transition_delay_ms_; }

 private:
  struct Entry {
    TablePtr table;
    /// When a status changes next; usually never.
    std::int64_t due_ms = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  // All of these: the caller holds change_mutex_.
  TablePtr current(std::string_view name) const;
  TablePtr settled_or_throw(std::string_view name);
  void settle(std::string_view name);
  /// Of the store, for what the index writes.
  void require_features(const Index& index);
  void prepare_new(Table& table, store::Batch& batch);
  /// What `load` reads, with change_log_ loaded. A row that makes no sense throws std::exception.
  void load_tables();
  std::vector<store::SpaceId> read_dropped_spaces();
  /// Gives new indexes a space and the status CREATING, and says until when changed ones are UPDATING; returns the
  /// spaces.
  std::vector<store::SpaceId> begin_index_changes(Table& table, const Table& before, std::int64_t now_ms,
                                                  store::Batch& batch);
  /// A table's entry by its name, made before the write that it describes: publishing it cannot fail.
  static Entries new_entry(Table table);
  void publish(Entries&& entry);
  /// Makes a stream or lets go of one, as the table's view type has changed since `before` (null: it is new). Returns
  /// the new one, to be passed to `stream_changed` after the commit.
  StreamPtr replace_stream(Table& table, const Table* before, store::Batch& batch);
  /// Makes the log of the table's point-in-time recovery or lets go of it, as its days have changed since `before`. To
  /// be followed by `recovery_changed` after the commit.
  void replace_recovery(Table& table, const Table& before, store::Batch& batch);
  void recovery_changed(const Table& table, const Table& before);
  /// Sets how long the log keeps its records to the table's days.
  void keep_recovery_days(const Table& table);
  void stream_changed(const Table* before, const StreamPtr& begun);
  /// Makes the logs of Kinesis destinations that are enabled, and lets go of others'. To be followed by
  /// `deliveries_changed` after the commit.
  void replace_deliveries(Table& table, store::Batch& batch);
  void deliveries_changed(const Table& table, const Table& before);
  void commit(Table table, store::Batch& batch);
  void commit_and_drop(Table table, const std::vector<store::SpaceId>& gone, store::Batch& batch);
  void erase(const Table& table);
  void forget(const Table& table);
  void drop_spaces(const std::vector<store::SpaceId>& spaces);
  store::SpaceId new_space(store::Batch& batch);
  /// Of a table that is being deleted time to live and Kinesis destinations may change, which is noted only and goes
  /// with it. Throws ResourceInUseException for other changes.
  TablePtr annotate_deleted(const Table& before, Table table);
  /// Says how long the change of tags or of time to live takes, as a new status does; none without a transition delay.
  void note_transition(const Table& before, Table& table) const;
  /// Gives the table a new time-to-live range to be built, or none; appends the former range to `gone`.
  void replace_ttl_range(Table& table, std::vector<store::SpaceId>& gone, store::Batch& batch);
  /// Begins the work on a range that was just published.
  void begin_ttl(const Table& table);
  /// Resumes the work that a restart interrupted.
  void take_up_ttl(const Table& table);
  void take_up_restore(const Table& table);
  void start_ttl_jobs(const Table& table);
  /// Begins the stream of a table that a version without a change log left.
  void take_up_stream(const Table& table);
  void close_streams_without_table();
  bool has_items(const Table& table) const;

  store::Store& store_;
  Stripes& stripes_;
  ChangeLog& change_log_;
  const core::Clock& clock_;
  const std::int64_t transition_delay_ms_;
  const bool delivers_;
  const std::int64_t vector_phase_ms_;
  const CatalogJobs jobs_;

  /// Serialises changes; taken before entries_mutex_ and before any stripe.
  std::mutex change_mutex_;
  store::SpaceId next_space_ = 1;
  mutable std::shared_mutex entries_mutex_;
  Entries entries_;
};

}  // namespace stator::engine
