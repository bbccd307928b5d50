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
#include "engine/log/table_logs.h"
#include "engine/spaces.h"
#include "engine/state.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// A range of a table that background jobs work on: the entries of an index, or the time-to-live rows.
struct TableRange {
  std::shared_ptr<TableState> state;
  store::SpaceId space = 0;
};

/// What the catalog calls to start background jobs and to announce certain steps. These functions must not call the
/// catalog.
struct CatalogHooks {
  /// Starts a job that makes the range's rows from the table's items and then calls `finish_build`.
  std::function<void(TableRange)> build;
  /// Starts a job that deletes expired items as long as the table has this time-to-live range.
  std::function<void(TableRange)> expire;
  /// Starts a job that fills the table (the range is its own space) with the items it is restored from and then calls
  /// `finish_restore` or `fail_restore`.
  std::function<void(TableRange)> restore = {};
  /// Called while a table with point-in-time recovery is being deleted: writes to it have ended, but its items still
  /// exist.
  std::function<void(const Table&)> back_up_deleted = {};
  /// Called when an index or table that was being filled is about to become visible.
  std::function<void()> filled = {};
};

/// The tables: stored as rows in space 0, and each published as an immutable version. Status changes that are only a
/// matter of time (CREATING, UPDATING, DELETING; table_status.h) are made by the next call that reads the table. Spaces
/// and TableLogs manage the tables' spaces and change logs.
class Catalog {
 public:
  Catalog(store::Store& store, Stripes& stripes, ChangeLog& change_log, const core::Clock& clock,
          std::int64_t transition_delay_ms, std::int64_t vector_phase_ms, bool delivers, CatalogHooks hooks);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// Reads the rows and, unless the store is read-only, resumes unfinished work. Throws store::OpenError if a row is
  /// damaged.
  void load();

  TablePtr find(std::string_view name);
  std::vector<std::string> list(std::string_view after, std::size_t limit);
  /// The number of tables, including those that are DELETING or whose deletion is due.
  [[nodiscard]] std::size_t size() const {
    const std::shared_lock<std::shared_mutex> reading(entries_mutex_);
    return entries_.size();
  }
  TablePtr create(Table table);
  TablePtr remove(std::string_view name);
  TablePtr update(std::string_view name, const std::function<void(Table&)>& change, const UpdateScopeOf& scope);
  TablePtr annotate(std::string_view name, const std::function<void(Table&)>& change);
  /// Calls `use` with the table; nothing changes its metadata during the call. Throws ResourceNotFoundException if
  /// there is no such table, or if it is being restored or imported.
  void hold(std::string_view name, const std::function<void(const TablePtr&)>& use);
  /// To be called when the range's rows are complete.
  void finish_build(const TableRange& range);
  /// Publishes a new table that is to be filled from `table.restore`. It is CREATING until it is complete. Throws
  /// TableAlreadyExistsException.
  TablePtr restore(Table table);
  /// To be called when all items are written; starts building the indexes.
  void finish_restore(const TableRange& range);
  /// Removes the table and everything that belongs to it.
  void fail_restore(const TableRange& range);
  /// The names of the checkpoints that tables are being filled from.
  [[nodiscard]] std::vector<std::string> cuts_in_use() const;
  /// The tables that have a Kinesis destination with a log, sorted by name.
  [[nodiscard]] std::vector<TablePtr> tables_with_deliveries() const;
  /// Whether a table is still being restored from this backup.
  [[nodiscard]] bool is_being_restored(std::string_view backup_id) const;

  [[nodiscard]] std::int64_t transition_delay_ms() const { return transition_delay_ms_; }

 private:
  struct Entry {
    TablePtr table;
    /// When settle() has something to do next; usually never.
    std::int64_t due_ms = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  [[nodiscard]] std::vector<TablePtr> all_tables() const;

  // The caller of any of these holds change_mutex_.
  TablePtr current(std::string_view name) const;
  TablePtr settled_or_throw(std::string_view name);
  void settle(std::string_view name);
  /// Marks the store with the features that entries of the index need.
  void require_features(const Index& index);
  void prepare_new(Table& table, store::Batch& batch);
  /// Reads the tables' rows; change_log_ is loaded. Throws std::exception if a row is invalid.
  void load_tables();
  /// Gives new indexes a space and the status CREATING, and sets until when changed ones are UPDATING. Returns the new
  /// spaces.
  std::vector<store::SpaceId> begin_index_changes(Table& table, const Table& before, std::int64_t now_ms,
                                                  store::Batch& batch);
  /// A table's entry by name. Made before the table's row is written, so that publishing it afterwards cannot fail.
  static Entries new_entry(Table table);
  void publish(Entries&& entry);
  void commit(Table table, store::Batch& batch);
  void commit_and_drop(Table table, const std::vector<store::SpaceId>& gone, store::Batch& batch);
  /// The same; also begins and ends change logs where the table's settings differ from those of `before`.
  void commit_with_logs(Table table, const Table& before, const std::vector<store::SpaceId>& gone, store::Batch& batch);
  void erase(const Table& table);
  void forget(const Table& table);
  /// Changes a table that is being deleted: only its time to live and its Kinesis destinations, which are noted without
  /// further effect. Throws ResourceInUseException for other changes.
  TablePtr annotate_deleted(const Table& before, Table table);
  /// Sets until when a change of tags or of time to live is under way. Does nothing without a transition delay.
  void note_transition(const Table& before, Table& table) const;
  /// Gives the table a new time-to-live range to be built, or none; appends the former range to `gone`.
  void replace_ttl_range(Table& table, std::vector<store::SpaceId>& gone, store::Batch& batch);
  /// Starts the jobs for a time-to-live range that was just published.
  void begin_ttl(const Table& table);
  /// These resume work that a restart interrupted.
  void resume_ttl(const Table& table);
  void resume_restore(const Table& table);
  void start_ttl_jobs(const Table& table);
  /// Begins the stream of a table that was written by a version without a change log.
  void begin_missing_stream(const Table& table);

  store::Store& store_;
  Stripes& stripes_;
  ChangeLog& change_log_;
  const core::Clock& clock_;
  const std::int64_t transition_delay_ms_;
  const std::int64_t vector_phase_ms_;
  const CatalogHooks hooks_;

  /// Serialises changes and guards spaces_ and logs_. Locked before entries_mutex_ and before any stripe.
  std::mutex change_mutex_;
  Spaces spaces_;
  TableLogs logs_;
  mutable std::shared_mutex entries_mutex_;
  Entries entries_;
};

}  // namespace stator::engine
