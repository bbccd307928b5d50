#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <mutex>

#include "core/api_error.h"
#include "engine/access_counts.h"
#include "engine/backup/backups.h"
#include "engine/backup/restore.h"
#include "engine/bucket/chosen_buckets.h"
#include "engine/catalog.h"
#include "engine/damage.h"
#include "engine/expiry.h"
#include "engine/export/exports.h"
#include "engine/idempotency.h"
#include "engine/import/bulk_puts.h"
#include "engine/import/imports.h"
#include "engine/jobs.h"
#include "engine/keys.h"
#include "engine/log/change_log.h"
#include "engine/log/deliveries.h"
#include "engine/periodic_job.h"
#include "engine/range_build.h"
#include "engine/reader.h"
#include "engine/state.h"
#include "engine/stored_value.h"
#include "engine/stripes.h"
#include "engine/vector/vector_ranges.h"
#include "engine/vector_search.h"
#include "engine/write_group.h"
#include "engine/writer.h"
#include "store/store.h"

namespace stator::engine {
namespace {

[[noreturn]] void throw_not_found() { core::throw_resource_not_found("Requested resource not found"); }

/// Estimates the part of `size_bytes`, the size of a whole space, that belongs to keys with a prefix.
std::uint64_t share_of_size(const store::Store& store, store::SpaceId space, const std::string& prefix,
                            std::uint64_t size_bytes) {
  const KeyBounds all = space_bounds(space);
  const auto room = static_cast<double>(store.approximate_size_bytes(all.lower, all.upper));
  const auto taken = static_cast<double>(store.approximate_size_bytes(prefix, store::prefix_end(prefix)));
  // The store has no estimate for few keys; the size of the whole space is an upper bound.
  const double share = room > 0 ? std::min(1.0, taken / room) : 1.0;
  return static_cast<std::uint64_t>(share * static_cast<double>(size_bytes));
}

/// Reads an item from the snapshot or, if that is null, its newest version; false if there is none. Throws
/// ResourceNotFoundException if the table was deleted meanwhile, and core::DamageError.
bool read_item(const store::Store& store, const Table& table, const Key& key, const store::Snapshot* snapshot,
               std::string& json, std::size_t& size_bytes) {
  try {
    const auto copy = [&](std::string_view stored) {
      const StoredValue value = read_value(stored);
      json.assign(value.json);
      size_bytes = value.size_bytes;
    };
    if (store.visit(key.encoded, copy, snapshot, store::CachePolicy::kRow)) return true;
  } catch (const core::DamageError& error) {
    throw_damage_in(table, nullptr, error);
  }
  // That there is no item can be relied on only while the table's rows exist.
  if (table.state != nullptr && table.state->is_gone()) throw_not_found();
  return false;
}

}  // namespace

struct Engine::Impl {
  static constexpr std::int64_t kDeletedTableKeptMs = std::int64_t{35} * 24 * 3600 * 1000;

  Impl(const Options& options, std::shared_ptr<store::Store> opened, ChosenBuckets& buckets, Gate& gate)
      : clock(*options.clock),
        log(options.log),
        store(std::move(opened)),
        stripes(std::max<std::size_t>(options.lock_stripes, 1)),
        change_log(*store, clock,
                   {.shards = options.stream_shards, .shard_lifetime_ms = options.stream_shard_lifetime_ms},
                   [this] { stream_trim.ensure_running(jobs); }),
        catalog(*store, stripes, change_log, clock, options.transition_delay_ms, options.vector_phase_ms,
                options.delivers_to_kinesis,
                {.build = [this](const TableRange& range) { build(range); },
                 .expire = [this](const TableRange& range) { expire(range); },
                 .restore = [this](const TableRange& range) { restore(range); },
                 .back_up_deleted = [this](const Table& table) { back_up_deleted(table); },
                 .filled = [this] { forget_past(); }}),
        backups(*store, clock, options.directory, options.log),
        views(options.staleness.for_reads() ? std::make_unique<PastViews>(*store, clock, options.staleness) : nullptr),
        stream_lag_ms(options.staleness.stream_ms),
        metering(options.enforce_throughput ? std::make_unique<Metering>(clock) : nullptr),
        vectors(*store, stripes, vector_limits(options), options.log, job_adder()),
        writer(*store, stripes, clock, &vectors, views.get(), metering.get()),
        imports({.store = *store,
                 .stripes = stripes,
                 .catalog = catalog,
                 .clock = clock,
                 .buckets = buckets,
                 .log = options.log},
                job_adder()),
        bulk_puts({.store = *store,
                   .writer = writer,
                   .catalog = catalog,
                   .clock = clock,
                   .buckets = buckets,
                   .log = options.log},
                  job_adder()),
        exports({.store = *store, .backups = backups, .clock = clock, .buckets = buckets, .log = options.log},
                job_adder()),
        tokens(*store, clock),
        expiry_period(options.expiry_period_ms),
        restorable_lag_ms(options.restorable_lag_ms),
        backup_expiry("expire-backups", std::chrono::milliseconds(options.stream_trim_period_ms),
                      [this] { return remove_expired_backups(); }),
        token_trim("trim-request-tokens", std::chrono::milliseconds(options.token_trim_period_ms),
                   [this] { return tokens.trim() ? PeriodicJob::WorkLeft::kForLater : PeriodicJob::WorkLeft::kNone; }),
        stream_trim("trim-streams", std::chrono::milliseconds(options.stream_trim_period_ms),
                    [this] { return trim_streams(); }),
        jobs({.log = job_log(), .calls_came = [&gate] { return gate.was_used(); }}) {}

  static VectorRanges::Limits vector_limits(const Options& options) {
    // A read-only directory has no jobs.
    return {.load_entries = options.read_only ? 0 : options.vector_load_entries,
            .graph_entries = options.vector_graph_entries,
            .size_bytes = options.vector_memory_bytes};
  }

  [[nodiscard]] std::function<void(JobOptions, std::unique_ptr<Job>)> job_adder() {
    return [this](JobOptions options, std::unique_ptr<Job> job) { jobs.add(std::move(options), std::move(job)); };
  }

  [[nodiscard]] JobRunner::Log job_log() const {
    return [log = log](std::string_view line) { core::log(log, core::LogLevel::kError, line); };
  }

  void build(const TableRange& range) {
    const TablePtr table = range.state->newest(nullptr);
    JobOptions options{.name = "build-index", .table = table->name, .index = {}, .rest_for_work = 1};
    if (table->ttl_space == range.space) options.name = "build-time-to-live";
    for (const Index& index : table->indexes) {
      if (index.space == range.space) options.index = index.name;
    }
    jobs.add(std::move(options),
             std::make_unique<RangeBuild>(
                 *store, stripes, range, [this, range] { catalog.finish_build(range); }, job_log()));
  }

  void expire(const TableRange& range) {
    jobs.add({.name = "expire-items", .table = range.state->newest(nullptr)->name, .index = {}},
             std::make_unique<Expiry>(*store, writer, clock, range, expiry_period, job_log()));
  }

  void restore(const TableRange& range) {
    // Imports start their own jobs.
    if (is_import(*range.state->newest(nullptr)->restore)) return;
    const auto failed = [this, range](const std::string& why) {
      const TablePtr table = range.state->newest(nullptr);
      if (table == nullptr) return;
      core::log(log, core::LogLevel::kError, "table " + table->name + " cannot be restored and is removed: " + why);
      catalog.fail_restore(range);
      if (table->restore->backup_id.empty()) backups.remove_cut(table->restore->cut);
    };
    jobs.add({.name = "restore", .table = range.state->newest(nullptr)->name, .index = {}, .rest_for_work = 1},
             std::make_unique<Restore>(
                 *store, backups, stripes, range,
                 Restore::Ends{.finished = [this, range] { finish_restore(range); }, .failed = failed}, job_log()));
  }

  /// Called when an index or table that was being filled is about to become visible, as older states lack parts of it.
  void forget_past() {
    if (views != nullptr) views->forget();
  }

  /// The state that a read is to see; null: the present.
  [[nodiscard]] PastViews::View view_for(bool consistent_read, const Index* index) const {
    if (views == nullptr || consistent_read) return nullptr;
    return views->for_read(index != nullptr && !index->is_local());
  }

  /// The first number whose record is not visible yet.
  [[nodiscard]] LogNumber stream_end() const {
    return stream_lag_ms == 0 ? std::numeric_limits<LogNumber>::max()
                              : first_number_at(std::max<std::int64_t>(0, clock.now_ms() - stream_lag_ms + 1));
  }

  void finish_restore(const TableRange& range) {
    const TablePtr table = range.state->newest(nullptr);
    catalog.finish_restore(range);
    // A checkpoint that was made only for this restore.
    if (table->restore->backup_id.empty()) backups.remove_cut(table->restore->cut);
  }

  /// Like the service, makes a backup of a table that is to be deleted, which is kept for 35 days. Throws if the disk
  /// refuses it; then the table must not be deleted.
  void back_up_deleted(const Table& table) {
    try {
      backups.create(table.name, table.name + "$DeletedTableBackup", BackupType::kSystem,
                     clock.now_ms() + kDeletedTableKeptMs);
    } catch (const core::ApiError& error) {
      // Memory is full. The deletion goes on, as it frees memory.
      core::log(log, core::LogLevel::kError,
                "table " + table.name + " is deleted and no backup of it can be kept: " + error.message);
    }
    backup_expiry.ensure_running(jobs);
  }

  /// Removes expired backups.
  PeriodicJob::WorkLeft remove_expired_backups() {
    auto left = PeriodicJob::WorkLeft::kNone;
    for (const BackupPtr& backup : backups.list()) {
      if (backup->expires_ms == 0) continue;
      const std::lock_guard<std::mutex> lock(backup_uses);
      if (backup->expires_ms <= clock.now_ms() && !catalog.is_being_restored(backup->id)) {
        backups.remove(backup->id);
      } else {
        left = PeriodicJob::WorkLeft::kForLater;
      }
    }
    return left;
  }

  /// The backup, unless a table is being restored from it. The caller holds `backup_uses`.
  [[nodiscard]] BackupPtr free_backup(std::string_view id, std::string_view arn, const char* used_for) const {
    BackupPtr backup = backups.find(id);
    if (backup == nullptr) {
      throw core::ApiError(core::ErrorCode::kBackupNotFound, "Backup not found: " + std::string(arn));
    }
    if (catalog.is_being_restored(id)) {
      throw core::ApiError(core::ErrorCode::kBackupInUse, used_for + std::string(arn));
    }
    return backup;
  }

  /// Never fails, as it is called after the transaction. If the job cannot be started, the next token starts it.
  void trim_tokens() noexcept {
    try {
      token_trim.ensure_running(jobs);
    } catch (const std::exception&) {
    }
  }

  [[nodiscard]] StreamPtr existing_stream(store::SpaceId space) const {
    StreamPtr stream = change_log.find(space);
    if (stream == nullptr || stream->is_private()) {
      core::throw_resource_not_found("Requested resource not found: Stream does not exist");
    }
    return stream;
  }

  PeriodicJob::WorkLeft trim_streams() {
    if (change_log.trim()) return PeriodicJob::WorkLeft::kForNow;
    return change_log.empty() ? PeriodicJob::WorkLeft::kNone : PeriodicJob::WorkLeft::kForLater;
  }

  const core::Clock& clock;
  const core::LogSink log;
  const std::shared_ptr<store::Store> store;
  Stripes stripes;
  ChangeLog change_log;
  Catalog catalog;
  Deliveries deliveries{catalog, change_log};
  Backups backups;
  /// Held from the check that a backup is not in use until it is used or deleted.
  std::mutex backup_uses;
  const std::unique_ptr<PastViews> views;  // null: reads see the present
  const std::int64_t stream_lag_ms;
  const std::unique_ptr<Metering> metering;  // null: throughput is not enforced
  VectorRanges vectors;
  Writer writer;
  Imports imports;
  BulkPuts bulk_puts;
  Exports exports;
  IdempotencyTokens tokens;
  const std::chrono::milliseconds expiry_period;
  const std::int64_t restorable_lag_ms;
  PeriodicJob backup_expiry;
  PeriodicJob token_trim;
  PeriodicJob stream_trim;
  // Last, as its thread uses all the others.
  JobRunner jobs;
};

struct Engine::Frame {
  Frame(const Options& given, std::shared_ptr<store::Store> opened)
      : options(given), store(std::move(opened)), snapshots(options.directory), buckets(options.buckets) {}

  const Options options;
  const std::shared_ptr<store::Store> store;
  Snapshots snapshots;
  ChosenBuckets buckets;
  Gate gate;
};

Engine::Engine(std::unique_ptr<Frame> frame, std::unique_ptr<Impl> impl)
    : frame_(std::move(frame)), impl_(std::move(impl)) {}
Engine::~Engine() = default;

std::unique_ptr<Engine> Engine::open(const Options& options) {
  store::Options store_options;
  store_options.directory = options.directory;
  store_options.sync = options.sync;
  store_options.create_if_missing = options.create_if_missing;
  store_options.read_only = options.read_only;
  store_options.log = options.log;
  store_options.resources = options.resources;
  auto frame = std::make_unique<Frame>(options, store::Store::open(store_options));
  if (!options.read_only) {
    try {
      frame->snapshots.clear_leftovers(*frame->store);
    } catch (const store::StoreError& error) {
      // What is left takes space but does no harm.
      core::log(options.log, core::LogLevel::kWarning, error.what());
    }
  }
  auto impl = start(*frame, options.jobs_paused ? 1 : 0);
  return std::unique_ptr<Engine>(new Engine(std::move(frame), std::move(impl)));
}

std::unique_ptr<Engine::Impl> Engine::start(Frame& frame, int job_pauses) {
  auto impl = std::make_unique<Impl>(frame.options, frame.store, frame.buckets, frame.gate);
  for (int i = 0; i < job_pauses; ++i) impl->jobs.pause();
  impl->backups.load();
  impl->catalog.load();
  impl->imports.load();
  impl->bulk_puts.load();
  impl->exports.load();
  if (!frame.options.read_only) {
    std::vector<std::string> cuts = impl->catalog.cuts_in_use();
    for (std::string& cut : impl->exports.cuts_in_use()) cuts.push_back(std::move(cut));
    impl->backups.clear_leftovers(cuts);
    impl->exports.resume();
    impl->imports.resume();
    impl->bulk_puts.resume();
  }
  if (!frame.options.read_only && impl->tokens.has_rows()) impl->trim_tokens();
  const auto expires = [](const BackupPtr& backup) { return backup->expires_ms != 0; };
  if (!frame.options.read_only && std::ranges::any_of(impl->backups.list(), expires))
    impl->backup_expiry.ensure_running(impl->jobs);
  return impl;
}

Gate& Engine::gate() { return frame_->gate; }
Snapshots& Engine::snapshots() { return frame_->snapshots; }

void Engine::save_snapshot(std::string_view name, store::CheckpointKind kind) {
  const GatePass pass(frame_->gate);
  frame_->snapshots.save(*frame_->store, name, kind);
}

void Engine::drop_snapshot(std::string_view name) {
  const GatePass pass(frame_->gate);
  frame_->snapshots.drop(*frame_->store, name);
}

void Engine::restore_snapshot(std::string_view name) {
  Gate::Closed closed(frame_->gate);
  restart_with(frame_->snapshots.find(name), closed);
}

void Engine::reset() {
  Gate::Closed closed(frame_->gate);
  const Snapshots& snapshots = frame_->snapshots;
  restart_with(snapshots.has(kStartSnapshot) ? snapshots.find(kStartSnapshot) : std::filesystem::path(), closed);
}

/// While the gate is closed nobody saves or drops the snapshot.
void Engine::restart_with(const std::filesystem::path& checkpoint, Gate::Closed& closed) {
  if (impl_ == nullptr) throw store::StoreError("the database is closed, since a restore failed");
  store::Store& store = *frame_->store;
  const int pauses = impl_->jobs.pauses();
  impl_.reset();
  std::exception_ptr failure;
  try {
    store.restore(checkpoint);
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  try {
    if (store.is_open()) impl_ = start(*frame_, pauses);
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (impl_ == nullptr) closed.fail("the database could not be opened again after a restore");
  if (failure) std::rethrow_exception(failure);
}

Exports& Engine::exports() { return impl_->exports; }
Imports& Engine::imports() { return impl_->imports; }
BulkPuts& Engine::bulk_puts() { return impl_->bulk_puts; }
ChosenBuckets& Engine::buckets() { return frame_->buckets; }
Deliveries& Engine::deliveries() { return impl_->deliveries; }
std::vector<JobInfo> Engine::jobs() const { return impl_->jobs.list(); }
void Engine::pause_jobs() { impl_->jobs.pause(); }
void Engine::resume_jobs() { impl_->jobs.resume(); }
bool Engine::run_due_jobs(std::chrono::milliseconds patience) { return impl_->jobs.run_due(patience); }

std::optional<Figures> Engine::try_figures() {
  if (!frame_->gate.try_enter()) return std::nullopt;
  struct Leave {
    Gate& gate;
    ~Leave() { gate.leave(); }
  } const at_end{frame_->gate};
  return Figures{.tables = impl_->catalog.size(), .jobs = jobs(), .store = frame_->store->figures()};
}

const core::Clock& Engine::clock() const { return impl_->clock; }

std::int64_t Engine::transition_delay_ms() const { return impl_->catalog.transition_delay_ms(); }

TablePtr Engine::find_table(std::string_view name) const { return impl_->catalog.find(name); }

TablePtr Engine::usable_table(std::string_view name) const {
  TablePtr table = impl_->catalog.find(name);
  if (table == nullptr || table->status == TableStatus::kCreating || table->status == TableStatus::kDeleting) {
    throw_not_found();
  }
  return table;
}

std::vector<std::string> Engine::list_tables(std::string_view after, std::size_t limit) const {
  return impl_->catalog.list(after, limit);
}

TablePtr Engine::create_table(Table table) { return impl_->catalog.create(std::move(table)); }

TablePtr Engine::delete_table(std::string_view name) {
  TablePtr table = impl_->catalog.remove(name);
  if (impl_->metering != nullptr) impl_->metering->forget(*table);
  return table;
}

TablePtr Engine::update_table(std::string_view name, const std::function<void(Table&)>& change,
                              const UpdateScopeOf& scope) {
  return impl_->catalog.update(name, change, scope);
}

TablePtr Engine::update_table(std::string_view name, const std::function<void(Table&)>& change, UpdateScope scope) {
  return update_table(name, change, [scope](const Table& /*present*/) { return scope; });
}

TablePtr Engine::annotate_table(std::string_view name, const std::function<void(Table&)>& change) {
  return impl_->catalog.annotate(name, change);
}

TableCounts Engine::counts(const Table& table) const {
  if (table.state == nullptr) return {};
  table.state->counters.load_once(*impl_->store, table);
  return table.state->counters.sum(table, impl_->stripes);
}

bool Engine::get_item(const Table& table, const Key& key, std::string& json, std::size_t& size_bytes,
                      bool consistent_read) const {
  if (table.accesses != nullptr) table.accesses->note(table, nullptr, key.encoded);
  UnitsUse use{.table = &table, .index = nullptr, .key = key.encoded, .units = 0};
  if (impl_->metering != nullptr) impl_->metering->admit(UnitKind::kRead, use);
  const PastViews::View view = impl_->view_for(consistent_read, nullptr);
  const bool found = read_item(*impl_->store, table, key, view.get(), json, size_bytes);
  if (!found) {
    json.clear();
    size_bytes = 0;
  }
  if (impl_->metering != nullptr) {
    use.units = read_units(size_bytes, consistent_read);
    impl_->metering->take(UnitKind::kRead, {&use, 1});
  }
  return found;
}

std::unique_ptr<WriteGroup> Engine::begin_write_group() {
  auto pass = std::make_unique<GatePass>(frame_->gate);
  if (impl_->metering != nullptr) return nullptr;
  return std::make_unique<WriteGroup>(std::move(pass), impl_->writer);
}

bool Engine::is_in_write_group() const {
  const WriteGroup* const group = WriteGroup::of_this_thread();
  return group != nullptr && group->has_passed(frame_->gate);
}

WriteOutcome Engine::write(const WriteAction& action) { return impl_->writer.write(action); }

std::vector<SeparateOutcome> Engine::write_each(std::span<const WriteAction> actions) {
  return impl_->writer.write_each(actions);
}

TransactionOutcome Engine::transact_write(std::span<const WriteAction> actions, const TokenClaim* claim) {
  TransactionOutcome outcome = impl_->writer.transact(actions, claim);
  if (claim != nullptr && !outcome.cancelled()) impl_->trim_tokens();
  return outcome;
}

TokenClaim Engine::claim_token(std::string_view token, std::string_view request) {
  return impl_->tokens.claim(token, request);
}

std::vector<Engine::ReadOutcome> Engine::transact_get(std::span<const ReadAction> actions) const {
  std::vector<ReadOutcome> outcomes(actions.size());
  std::vector<UnitsUse> uses;
  if (impl_->metering != nullptr) {
    bool any_exceeded = false;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      uses.push_back({.table = actions[i].table.get(), .index = nullptr, .key = actions[i].key.encoded, .units = 0});
      outcomes[i].exceeded = impl_->metering->shortage(UnitKind::kRead, {&uses.back(), 1});
      any_exceeded = any_exceeded || outcomes[i].exceeded;
    }
    if (any_exceeded) return outcomes;
  }
  const auto snapshot = impl_->store->snapshot();
  for (std::size_t i = 0; i < actions.size(); ++i) {
    ReadOutcome& outcome = outcomes[i];
    const Table& table = *actions[i].table;
    if (table.accesses != nullptr) table.accesses->note(table, nullptr, actions[i].key.encoded);
    if (read_item(*impl_->store, *actions[i].table, actions[i].key, snapshot.get(), outcome.json, outcome.size_bytes)) {
      continue;
    }
    outcome = {};
  }
  for (std::size_t i = 0; i < uses.size(); ++i) uses[i].units = 2 * read_units(outcomes[i].size_bytes, true);
  if (impl_->metering != nullptr) impl_->metering->take(UnitKind::kRead, uses);
  return outcomes;
}

std::uint64_t Engine::item_collection_size_bytes(const Table& table, const Key& key) const {
  if (table.state == nullptr) return 0;
  table.state->counters.load_once(*impl_->store, table);
  const TableCounts counts = table.state->recent_counts.get(table, impl_->stripes);
  const std::string prefix = key.encoded.substr(0, key.partition_length);
  std::uint64_t size_bytes = share_of_size(*impl_->store, table.space, prefix, counts.table.size_bytes);
  for (std::size_t i = 0; i < table.indexes.size(); ++i) {
    const Index& index = table.indexes[i];
    if (!index.is_local()) continue;
    // A local index has the table's partition key, so its prefix differs only in the space.
    std::string index_prefix;
    store::append_space(index.space, index_prefix);
    index_prefix.append(prefix, index_prefix.size());
    size_bytes += share_of_size(*impl_->store, index.space, index_prefix, counts.indexes[i].size_bytes);
  }
  return size_bytes;
}

std::vector<StreamInfo> Engine::list_streams(std::string_view table_name) const {
  return impl_->change_log.list(table_name);
}

std::optional<StreamInfo> Engine::find_stream(std::string_view table_name, std::string_view label) const {
  const StreamPtr stream = impl_->change_log.find(table_name, label);
  return stream == nullptr ? std::nullopt : std::optional(stream->info());
}

std::optional<StreamInfo> Engine::find_stream(store::SpaceId space) const {
  const StreamPtr stream = impl_->change_log.find(space);
  return stream == nullptr || stream->is_private() ? std::nullopt : std::optional(stream->info());
}

LogNumber Engine::end_of_shard(store::SpaceId stream, std::uint32_t shard) const {
  return std::min(impl_->existing_stream(stream)->end_of_shard(shard), impl_->stream_end());
}

std::optional<LogNumber> Engine::read_stream(store::SpaceId stream, const LogPosition& position,
                                             const LogSink& sink) const {
  return impl_->change_log.read(*impl_->existing_stream(stream), position, impl_->stream_end(), sink);
}

BackupPtr Engine::create_backup(std::string_view table_name, std::string_view backup_name) {
  const TablePtr table = impl_->catalog.find(table_name);
  if (table == nullptr || table->status == TableStatus::kCreating) {
    throw_no_table(table_name);
  }
  return impl_->backups.create(table_name, backup_name, BackupType::kUser, 0);
}

BackupPtr Engine::find_backup(std::string_view id) const { return impl_->backups.find(id); }

std::vector<BackupPtr> Engine::list_backups() const { return impl_->backups.list(); }

BackupPtr Engine::delete_backup(std::string_view id, std::string_view arn) {
  const std::lock_guard<std::mutex> lock(impl_->backup_uses);
  BackupPtr backup = impl_->free_backup(id, arn, "Backup is being used to restore table: ");
  impl_->backups.remove(id);
  return backup;
}

TablePtr Engine::restore_backup(std::string_view id, std::string_view arn, Table table) {
  const std::lock_guard<std::mutex> lock(impl_->backup_uses);
  const BackupPtr backup = impl_->free_backup(id, arn, "Backup is being used to restore another table: ");
  table.restore = RestoreOrigin{.source_table = backup->table.name,
                                .backup_id = backup->id,
                                .time_ms = backup->created_ms,
                                .cut = backup->id,
                                .source_space = backup->table.space,
                                .log_space = 0,
                                .copying = true};
  return impl_->catalog.restore(std::move(table));
}

std::optional<Engine::RecoveryWindow> Engine::recovery_window(const Table& table) const {
  constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;
  if (table.recovery_days == 0) return std::nullopt;
  const std::int64_t now_ms = impl_->clock.now_ms();
  RecoveryWindow window;
  window.earliest_ms = std::max(table.recovery_since_ms, now_ms - table.recovery_days * kDayMs);
  window.latest_ms = std::max(window.earliest_ms, now_ms - impl_->restorable_lag_ms);
  return window;
}

TablePtr Engine::restore_to_time(const Table& source, std::int64_t time_ms, Table table) {
  const std::string cut = impl_->backups.make_restore_cut(
      {.table_name = source.name, .space = source.space, .log_space = source.recovery_space});
  table.restore = RestoreOrigin{.source_table = source.name,
                                .backup_id = {},
                                .time_ms = time_ms,
                                .cut = cut,
                                .source_space = source.space,
                                .log_space = source.recovery_space,
                                .copying = true};
  try {
    return impl_->catalog.restore(std::move(table));
  } catch (...) {
    impl_->backups.remove_cut(cut);
    throw;
  }
}

VectorMatches Engine::search_vectors(const VectorSearch& search) const {
  const PastViews::View view = impl_->view_for(false, search.index);
  if (view != nullptr) return engine::search_vectors(*impl_->store, search, view.get());
  const std::string prefix = searched_prefix(search);
  if (const auto range = impl_->vectors.find(prefix)) {
    if (auto matches = engine::search_vectors(*impl_->store, search, *range)) return std::move(*matches);
  }
  VectorMatches matches = engine::search_vectors(*impl_->store, search, nullptr);
  impl_->vectors.note_store_read(search, prefix, matches.entries);
  return matches;
}

Page Engine::read_page(const PageRequest& request, const ItemSink& sink) const {
  const PastViews::View view = impl_->view_for(request.consistent_read, request.index);
  if (impl_->metering == nullptr) return engine::read_page(*impl_->store, request, sink, view.get());
  // A page of a scan is charged to the partition in which it begins.
  const std::string first_key = request.start ? request.start->encoded : page_bounds(request).lower;
  std::vector<UnitsUse> uses = {{.table = request.table.get(), .index = request.index, .key = first_key, .units = 0}};
  impl_->metering->admit(UnitKind::kRead, uses.front());
  Page page = engine::read_page(*impl_->store, request, sink, view.get());
  uses.front().units = page.capacity.total();
  impl_->metering->take(UnitKind::kRead, uses);
  return page;
}

}  // namespace stator::engine
