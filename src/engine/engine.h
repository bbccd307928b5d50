#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log_sink.h"
#include "engine/backup/backup_info.h"
#include "engine/gate.h"
#include "engine/job_info.h"
#include "engine/log/log_types.h"
#include "engine/metering.h"
#include "engine/snapshots.h"
#include "engine/staleness.h"
#include "engine/table.h"
#include "expression/expression.h"
#include "json/item.h"
#include "store/store.h"

/// Tables, items, indexes, queries and scans over one store. Requests arrive validated (src/api does that); checks that
/// depend on stored state are made here and throw ApiError.
namespace stator::engine {

struct Options {
  /// Empty: in memory.
  std::filesystem::path directory;
  bool sync = false;
  bool create_if_missing = true;
  /// Nothing in the directory is changed or created, no job runs, and several processes may read at the same time.
  /// Changes of status that are due are shown but not stored. Calls that write throw store::StoreError.
  bool read_only = false;
  /// Takes background errors and reports of what was repaired at the start.
  core::LogSink log = {};
  store::Resources resources = {};
  /// How long CREATING, UPDATING and DELETING last.
  std::int64_t transition_delay_ms = 0;
  /// The minimum length of each of the two phases in which a vector index is added to a table: allocating resources,
  /// and indexing the existing items. At least the transition delay is used.
  std::int64_t vector_phase_ms = 0;
  /// How often tables with a TTL attribute are searched for newly expired items.
  std::int64_t expiry_period_ms = 10'000;
  /// How often expired request tokens are deleted.
  std::int64_t token_trim_period_ms = 60'000;
  /// The number of shards of a new stream, one for each hash range, up to 65536; 0: as many as the service begins with
  /// (first_partitions in metering.h).
  std::uint32_t stream_shards = 0;
  /// The age at which a shard is closed and continued by a child; 0: never.
  std::int64_t stream_shard_lifetime_ms = 0;
  /// How often streams are searched for records older than a day (recovery logs: older than their number of days) and
  /// for shards past their lifetime, and backups for expired ones.
  std::int64_t stream_trim_period_ms = 60'000;
  /// The directory of the buckets, each of which is a folder in it. Empty: there are no buckets.
  std::filesystem::path buckets;
  /// Whether changes of tables with Kinesis destinations are logged, to be delivered by a thread above the engine
  /// (log/deliveries.h).
  bool delivers_to_kinesis = false;
  /// How far the latest restorable time lies before the present; 300'000 in the service.
  std::int64_t restorable_lag_ms = 0;
  /// How stale eventually consistent reads may be.
  Staleness staleness = {};
  /// If a search of a vector index reads at least so many entries, their vectors are then loaded into memory for later
  /// searches (vector/vector_ranges.h); 0: never.
  std::uint64_t vector_load_entries = 1000;
  /// From so many vectors in memory on, searches use a graph of them, which may miss some; 0: never.
  std::uint64_t vector_graph_entries = 50'000;
  /// The memory that all vectors and graphs may take together.
  std::uint64_t vector_memory_bytes = std::uint64_t{1} << 30U;
  /// Whether requests beyond the throughput of tables and indexes throw ThroughputExceeded (metering.h).
  bool enforce_throughput = false;
  /// Whether background jobs wait until resume_jobs() is called.
  bool jobs_paused = false;
  /// How many locks the items share, at least 1. Not part of the format.
  std::size_t lock_stripes = 4096;
  const core::Clock* clock = &core::Clock::system();
};

using TablePtr = std::shared_ptr<const Table>;
/// An index together with the version of its table that holds it.
using IndexPtr = std::shared_ptr<const Index>;

/// What becomes UPDATING by a change of a table: the table, only the indexes that `change` marks, or nothing.
enum class UpdateScope : std::uint8_t { kTable, kIndexes, kSettings };
/// Returns the scope for the table as it is before the change. Called under the catalog's lock.
using UpdateScopeOf = std::function<UpdateScope(const Table& present)>;

/// A table's primary key: the values, in schema order (hash, then range where the schema has one), and their bytes.
struct Key {
  std::vector<core::AttributeValue> values;
  std::string encoded;               // space | hash | parts: the store's key
  std::size_t partition_length = 0;  // the length of the partition's prefix in `encoded`
};

/// The consumed capacity units, divided as in ConsumedCapacity. Read and write units never mix in one non-transactional
/// call; a transaction doubles them.
struct Capacity {
  double table_read = 0;
  double table_write = 0;
  struct ForIndex {
    /// From the version of the table that was used, which may be newer than the one the request began with.
    IndexPtr index;
    double read = 0;
    /// Bytes if this is a vector index.
    double write = 0;
  };
  std::vector<ForIndex> indexes;
  /// Adds indexes up by name, as replies do: a new index with the name of a dropped one shares its entry.
  void add(const Capacity& other);
  /// Without vector indexes, which are not counted in capacity units.
  [[nodiscard]] double total() const;
};

enum class WriteKind : std::uint8_t { kPut, kUpdate, kDelete, kConditionCheck };

/// One write (or check) of one item.
struct WriteAction {
  WriteKind kind = WriteKind::kPut;
  ChangeOrigin origin = ChangeOrigin::kCaller;
  TablePtr table;
  Key key;
  const json::EncodedItem* item = nullptr;           // kPut
  bool must_be_new = false;                          // kPut: a condition that no item has this key
  const expression::Update* update = nullptr;        // kUpdate; null creates the bare key
  const expression::Condition* condition = nullptr;  // may be null
  bool want_old = false;                             // fill WriteOutcome::old_json
  bool want_new = false;                             // fill WriteOutcome::new_json
  bool want_old_on_failure = false;                  // ReturnValuesOnConditionCheckFailure=ALL_OLD
};

struct WriteOutcome {
  /// The condition did not hold, or `must_be_new` was set and the item existed; nothing was written. With
  /// want_old_on_failure, old_json is the existing item.
  bool condition_failed = false;
  bool existed = false;  // an item existed before
  std::string old_json;
  std::string new_json;
  std::size_t old_size_bytes = 0;
  std::size_t new_size_bytes = 0;
  Capacity capacity;
};

/// The outcome of one of several independent writes.
struct SeparateOutcome {
  WriteOutcome outcome;
  /// Set if the table had no units left; then nothing was written.
  std::optional<ThroughputExceeded> exceeded;
};

/// Why one action of a transaction failed; kNone if it did not.
enum class CancellationCode : std::uint8_t {
  kNone,
  kConditionalCheckFailed,
  kDuplicateItem,
  kValidationError,
  kThroughputExceeded,
};
struct CancellationReason {
  CancellationCode code = CancellationCode::kNone;
  std::string message;                                        // kValidationError
  std::string item_json;                                      // kConditionalCheckFailed, with want_old_on_failure
  std::optional<ThroughputExceeded> exceeded = std::nullopt;  // kThroughputExceeded
};

struct TransactionOutcome {
  /// If the transaction was cancelled, and nothing was written: one for each action. Otherwise empty.
  std::vector<CancellationReason> reasons;
  /// If it was not cancelled: one for each action.
  std::vector<WriteOutcome> outcomes;
  [[nodiscard]] bool cancelled() const { return !reasons.empty(); }
};

/// The position that an ExclusiveStartKey names: an encoded key in the space that is read.
struct StartPosition {
  std::string encoded;
};

struct PageRequest {
  TablePtr table;
  const Index* index = nullptr;               // null: the table itself; points into *table
  std::optional<expression::KeyRange> range;  // Query; none: Scan
  bool forward = true;
  std::optional<std::uint32_t> limit;  // items to evaluate
  std::optional<StartPosition> start;
  std::uint32_t segment = 0;
  std::uint32_t total_segments = 1;
  const expression::Condition* filter = nullptr;
  bool consistent_read = false;
  /// Read each whole item from the table, which is charged: a local index was asked for attributes it does not project.
  bool fetch_from_table = false;
};

struct Page {
  std::uint64_t count = 0;
  std::uint64_t scanned_count = 0;
  /// The key attributes of the last item evaluated (table and index keys) as a JSON object; empty on the last page.
  std::string last_evaluated_key_json;
  Capacity capacity;
};

/// A search of a vector index: the items whose vectors are nearest to `vector`.
struct VectorSearch {
  TablePtr table;
  const Index* index = nullptr;                   // of *table, ACTIVE
  std::optional<core::AttributeValue> partition;  // with a HASH element
  /// The value that items must have, for each INLINE_FILTER element in order; nullopt: any value or no such attribute.
  std::vector<std::optional<core::AttributeValue>> filters;
  std::vector<float> vector;  // as many numbers as the index has dimensions
  std::size_t limit = 0;
  bool want_vectors = false;  // fill VectorMatch::vector
};

struct VectorMatch {
  /// COSINE: 0 to 2, lower is nearer; EUCLIDEAN: lower is nearer; DOT_PRODUCT: higher is nearer.
  float score = 0;
  std::string json;  // the projected attributes without the vector
  std::vector<float> vector;
};

struct VectorMatches {
  std::vector<VectorMatch> nearest;  // nearest first; equal scores in the order of their keys
  std::uint64_t entries = 0;         // in the partition; approximate unless `source` is kStore
  /// Where the vectors were compared. Only with kGraph may some of the nearest be missing.
  enum class Source : std::uint8_t { kStore, kMemory, kGraph };
  Source source = Source::kStore;
};

/// Called with the canonical JSON of each item that passed the filter; the view is valid during the call.
using ItemSink = std::function<void(std::string_view item_json)>;

/// See engine/idempotency.h.
class TokenClaim;
class WriteGroup;
/// See engine/export/exports.h.
class Exports;
/// See engine/import/imports.h.
class Imports;
/// See engine/import/bulk_puts.h.
class BulkPuts;
/// See engine/bucket/chosen_buckets.h.
class ChosenBuckets;
/// See engine/log/deliveries.h.
class Deliveries;

/// The state of an engine at one moment, for monitoring.
struct Figures {
  std::size_t tables = 0;
  std::vector<JobInfo> jobs;
  store::Figures store;
};

class Engine {
 public:
  /// Throws store::OpenError.
  static std::unique_ptr<Engine> open(const Options& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] const core::Clock& clock() const;
  /// How long tables, indexes and settings stay in transitional statuses.
  [[nodiscard]] std::int64_t transition_delay_ms() const;

  // --- tables -------------------------------------------------------------------------------------------------
  /// The table by name, or null. Statuses are settled: a table past its DELETING time is gone.
  [[nodiscard]] TablePtr find_table(std::string_view name) const;
  /// The table, for requests on items: throws ResourceNotFoundException ("Requested resource not found") if it is
  /// missing, CREATING or DELETING.
  [[nodiscard]] TablePtr usable_table(std::string_view name) const;
  /// Names greater than `after`, sorted by bytes, at most `limit`.
  [[nodiscard]] std::vector<std::string> list_tables(std::string_view after, std::size_t limit) const;
  /// Publishes a new table; fills in id, spaces, created_ms and status. Throws ResourceInUseException if the name is
  /// taken.
  TablePtr create_table(Table table);
  /// Begins the deletion; returns the description with status DELETING. Throws ResourceNotFoundException,
  /// ResourceInUseException, ValidationException (deletion protection).
  TablePtr delete_table(std::string_view name);
  /// Changes the table's metadata by calling `change` under the catalog's lock, which may throw ApiError to refuse. New
  /// indexes (space 0) get a space and are backfilled; missing ones are dropped. `scope` says what becomes UPDATING.
  /// Throws ResourceNotFoundException, and ResourceInUseException while the table or one of its replicas is CREATING or
  /// DELETING. While it is UPDATING, `change` must itself refuse what is not allowed.
  TablePtr update_table(std::string_view name, const std::function<void(Table&)>& change, const UpdateScopeOf& scope);
  TablePtr update_table(std::string_view name, const std::function<void(Table&)>& change,
                        UpdateScope scope = UpdateScope::kTable);
  /// Changes settings that take effect at once and do not make the table UPDATING (tags, TTL, deletion protection); not
  /// keys or indexes. Allowed in every status; while the table is DELETING, only time to live and Kinesis destinations
  /// may change. Throws ResourceNotFoundException, ResourceInUseException.
  TablePtr annotate_table(std::string_view name, const std::function<void(Table&)>& change);
  [[nodiscard]] TableCounts counts(const Table& table) const;

  // --- items --------------------------------------------------------------------------------------------------
  /// Makes the key of an item of `table` from normalised values in schema order. The caller has checked sizes and
  /// emptiness.
  [[nodiscard]] static Key make_key(const Table& table, std::vector<core::AttributeValue> values);
  /// Reads the stored item into `json`; returns false and clears `json` if there is none. `size_bytes` is the item's
  /// DynamoDB size. Without `consistent_read` the item may be stale (Options::staleness).
  bool get_item(const Table& table, const Key& key, std::string& json, std::size_t& size_bytes,
                bool consistent_read = true) const;
  /// Makes one write, atomically with its condition, its index entries and the counters. A failed condition is reported
  /// in the outcome; faults of update expressions and of keys are thrown. A write that leaves the item byte for byte
  /// the same is charged like any other and stores nothing.
  WriteOutcome write(const WriteAction& action);
  /// Begins a group of writes by this thread (write_group.h). Null if throughput is enforced, as then each
  /// write takes its own units. Waits at the gate.
  [[nodiscard]] std::unique_ptr<WriteGroup> begin_write_group();
  /// Whether this thread is collecting writes, and so has passed the gate.
  [[nodiscard]] bool is_in_write_group() const;
  /// Makes independent writes of different items in one batch, for little more than the cost of one. Throws what
  /// `write` throws except ThroughputExceeded; then nothing is written. If throughput is enforced, each is written by
  /// itself, and those before the one that throws stay written.
  std::vector<SeparateOutcome> write_each(std::span<const WriteAction> actions);
  /// Makes all of the writes or none; the outcome has the reasons for a cancellation. Throws if the request as a whole
  /// is refused. The table's write capacity is doubled, that of the indexes is not. With `claim`, a transaction that
  /// succeeds records its token in the same batch; `claim` must not be of a transaction that was already made.
  TransactionOutcome transact_write(std::span<const WriteAction> actions, const TokenClaim* claim = nullptr);
  /// Begins a transaction under a ClientRequestToken; `request` is its canonical text (api/canonical_request.h). The
  /// claim says whether the same request was made within the last ten minutes. Throws
  /// IdempotentParameterMismatchException if the token was used for another request, TransactionInProgressException if
  /// the same request is under way.
  [[nodiscard]] TokenClaim claim_token(std::string_view token, std::string_view request);
  /// Reads several items from one snapshot. The JSON of a missing item is empty.
  struct ReadAction {
    TablePtr table;
    Key key;
  };
  struct ReadOutcome {
    std::string json;
    std::size_t size_bytes = 0;
    /// Set if the table has no units left; then no item was read for any of the actions.
    std::optional<ThroughputExceeded> exceeded = std::nullopt;
  };
  std::vector<ReadOutcome> transact_get(std::span<const ReadAction> actions) const;
  /// Estimates the size of the item collection (table and local indexes) of this key's partition: the size of the
  /// table, times the collection's share of the table's bytes in the store; likewise for each local index. The cost
  /// does not depend on the size.
  [[nodiscard]] std::uint64_t item_collection_size_bytes(const Table& table, const Key& key) const;

  // --- pages --------------------------------------------------------------------------------------------------
  Page read_page(const PageRequest& request, const ItemSink& sink) const;
  /// Compares every vector of the partition or, if they are very many, only those that a graph leads to
  /// (Options::vector_graph_entries). Scores are exact in either case. Throws as read_page does.
  VectorMatches search_vectors(const VectorSearch& search) const;
  /// The position after which a page begins, from the values of an ExclusiveStartKey: `index_values` in the index
  /// schema's order (empty when reading the table), and the table's key.
  [[nodiscard]] static StartPosition make_start(const Table& table, const Index* index,
                                                std::span<const core::AttributeValue> index_values,
                                                const Key& table_key);
  /// Whether the request's start position is within the range it reads, for the error "The provided starting key is
  /// outside query boundaries…".
  [[nodiscard]] static bool start_in_range(const PageRequest& request);

  // --- streams ------------------------------------------------------------------------------------------------
  /// The enabled streams, and those stopped less than a day ago, sorted by table name and label; of all tables if
  /// `table_name` is empty.
  [[nodiscard]] std::vector<StreamInfo> list_streams(std::string_view table_name) const;
  /// nullopt if there is no such stream.
  [[nodiscard]] std::optional<StreamInfo> find_stream(std::string_view table_name, std::string_view label) const;
  [[nodiscard]] std::optional<StreamInfo> find_stream(store::SpaceId space) const;
  /// The position after all records of the shard whose writes have returned; with Staleness::stream_ms, after all
  /// visible records. Throws ResourceNotFoundException.
  [[nodiscard]] LogNumber end_of_shard(store::SpaceId stream, std::uint32_t shard) const;
  /// Reads records of a shard in order until `sink` returns false. Returns the number to continue from; nullopt if the
  /// shard is closed and was read to its end. Throws ResourceNotFoundException, and TrimmedDataAccessException if
  /// records at or after the position were deleted.
  std::optional<LogNumber> read_stream(store::SpaceId stream, const LogPosition& position, const LogSink& sink) const;

  // --- backups ------------------------------------------------------------------------------------------------
  /// Makes a consistent backup of the table's current state without stopping writers. The cost does not depend on the
  /// table's size. Throws TableNotFoundException (also for a table that is being created), store::StoreError.
  BackupPtr create_backup(std::string_view table_name, std::string_view backup_name);
  /// Null if there is none.
  [[nodiscard]] BackupPtr find_backup(std::string_view id) const;
  /// All backups, oldest first.
  [[nodiscard]] std::vector<BackupPtr> list_backups() const;
  /// Returns the deleted backup. Throws BackupNotFoundException, and BackupInUseException while a table is being
  /// restored from it; their messages contain `arn`.
  BackupPtr delete_backup(std::string_view id, std::string_view arn);
  /// Publishes `table` (name, keys, indexes, settings), which is CREATING until a job has filled it from the backup.
  /// Throws what `delete_backup` throws, and TableAlreadyExistsException.
  TablePtr restore_backup(std::string_view id, std::string_view arn, Table table);

  /// The times to which the table can be restored; nullopt if it cannot be restored.
  struct RecoveryWindow {
    std::int64_t earliest_ms = 0;
    std::int64_t latest_ms = 0;
  };
  [[nodiscard]] std::optional<RecoveryWindow> recovery_window(const Table& table) const;
  /// Publishes `table` as `restore_backup` does, to be filled with the items that `source` had at `time_ms`, which is
  /// within its recovery window. Throws TableAlreadyExistsException; TableNotFoundException if `source` was deleted
  /// meanwhile; PointInTimeRecoveryUnavailableException if its recovery was disabled meanwhile.
  TablePtr restore_to_time(const Table& source, std::int64_t time_ms, Table table);

  /// The exports of tables to buckets (export/exports.h).
  [[nodiscard]] Exports& exports();
  /// The imports, which make tables from buckets (import/imports.h).
  [[nodiscard]] Imports& imports();
  /// The bulk puts, which put items from buckets into tables (import/bulk_puts.h).
  [[nodiscard]] BulkPuts& bulk_puts();
  /// The buckets that all three use.
  [[nodiscard]] ChosenBuckets& buckets();
  /// The changes to be sent to Kinesis streams.
  [[nodiscard]] Deliveries& deliveries();

  // --- background jobs ----------------------------------------------------------------------------------------
  /// The background jobs, and those that ended last.
  [[nodiscard]] std::vector<JobInfo> jobs() const;
  /// After this no job does a step until `resume_jobs` has been called as often as `pause_jobs`. Waits for the running
  /// step.
  void pause_jobs();
  void resume_jobs();
  /// To be called after the clock was moved: runs the jobs that are due now. False if that takes longer than
  /// `patience`, or if jobs are paused that long.
  bool run_due_jobs(std::chrono::milliseconds patience);

  /// Does not wait: nullopt while the database is being restored, or if a failed restore left none.
  [[nodiscard]] std::optional<Figures> try_figures();

  // --- saved states -------------------------------------------------------------------------------------------
  /// A thread that may run during a `restore_snapshot` or `reset` must pass this gate (GatePass) while it uses the
  /// engine or its tables and tokens. Passing throws store::StoreError if a failed restore left no database.
  [[nodiscard]] Gate& gate();
  [[nodiscard]] Snapshots& snapshots();
  /// Saves the whole database and replaces an earlier snapshot of that name. See Snapshots::save. A snapshot that will
  /// be copied elsewhere should be kSettled: two such snapshots share the store's table files, whereas the data that a
  /// kAtOnce snapshot has in its log is later written to tables that no other snapshot shares.
  void save_snapshot(std::string_view name, store::CheckpointKind kind = store::CheckpointKind::kAtOnce);
  void drop_snapshot(std::string_view name);
  /// Replaces the database with the snapshot: waits for all calls that have passed the gate, and makes others wait.
  /// Paused jobs stay paused. The caller must not have passed the gate itself. Throws ApiError
  /// ResourceNotFoundException; store::StoreError, after which the database is unchanged if the gate can still be
  /// passed.
  void restore_snapshot(std::string_view name);
  /// The same with the snapshot kStartSnapshot if it exists, otherwise with an empty database.
  void reset();
  static constexpr std::string_view kStartSnapshot = "start";

 private:
  struct Impl;
  struct Frame;
  explicit Engine(std::unique_ptr<Frame> frame, std::unique_ptr<Impl> impl);
  static std::unique_ptr<Impl> start(Frame& frame, int job_pauses);
  void restart_with(const std::filesystem::path& checkpoint, Gate::Closed& closed);

  /// The parts that outlive a restore; destroyed after `impl_`, which uses them.
  std::unique_ptr<Frame> frame_;
  std::unique_ptr<Impl> impl_;
};

/// Throws ValidationException if an attribute of an item to be put is a key of one of the table's indexes and has the
/// wrong type, is empty or is too long. Writing makes the same checks; this is for callers that must know before they
/// write.
void check_index_keys(const Table& table, const json::EncodedItem& item);

/// Read units for `bytes` read: 4 KB blocks, at least one; half when eventually consistent.
double read_units(std::size_t bytes, bool consistent);
/// Write units for an item of `bytes`: 1 KB blocks, at least one.
double write_units(std::size_t bytes);

}  // namespace stator::engine
