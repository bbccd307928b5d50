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

/// Tables, items, indexes, queries and scans over one store. Requests arrive validated (src/api does that);
/// what depends on stored state is checked here and thrown as ApiError.
namespace stator::engine {

struct Options {
  /// Empty: in memory.
  std::filesystem::path directory;
  bool sync = false;
  bool create_if_missing = true;
  /// Nothing in the directory is changed or created, no job runs, and several processes may read at the same time. What
  /// a status would have become by now is answered without being stored. Calls that write throw store::StoreError.
  bool read_only = false;
  /// Gets background errors, and what was repaired at the start.
  core::LogSink log = {};
  store::Resources resources = {};
  /// How long CREATING, UPDATING and DELETING last.
  std::int64_t transition_delay_ms = 0;
  /// How long each of the two phases lasts in which a vector index is added to a table, at least: the allocation of
  /// resources, and the indexing of the items that are there. Not less than the transition delay.
  std::int64_t vector_phase_ms = 0;
  /// How often tables with a TTL attribute are searched for items that have expired since.
  std::int64_t expiry_period_ms = 10'000;
  /// How often request tokens that have expired are deleted.
  std::int64_t token_trim_period_ms = 60'000;
  /// Into how many shards a new stream is split, by hash ranges, up to 65536; 0: as many as the service begins with
  /// (first_partitions in metering.h).
  std::uint32_t stream_shards = 0;
  /// After how long a shard is closed and goes on in a child; 0: never.
  std::int64_t stream_shard_lifetime_ms = 0;
  /// How often streams are searched for records older than a day (those for recoveries by their own days), and for
  /// shards whose time is over; and backups for those that have expired.
  std::int64_t stream_trim_period_ms = 60'000;
  /// Where exports go: a bucket is a folder in it. Empty: there are no buckets.
  std::filesystem::path buckets;
  /// Somebody delivers the changes of tables with Kinesis destinations (log/deliveries.h), so they are kept for that.
  bool delivers_to_kinesis = false;
  /// How far the latest time to which a table can be restored is behind the present; 300'000 in the service.
  std::int64_t restorable_lag_ms = 0;
  /// How stale eventually consistent reads may be.
  Staleness staleness = {};
  /// Where a search of a vector index had to read so many entries, their vectors are then kept in memory for later ones
  /// (vector/vector_ranges.h); 0: never.
  std::uint64_t vector_load_entries = 1000;
  /// Where so many vectors are in memory, searches use a graph of them, which may miss some; 0: never.
  std::uint64_t vector_graph_entries = 50'000;
  /// The memory that all these may take together.
  std::uint64_t vector_memory_bytes = std::uint64_t{1} << 30U;
  /// Requests beyond the throughput of tables and indexes throw ThroughputExceeded (metering.h).
  bool enforce_throughput = false;
  /// Background jobs wait until resume_jobs() is called.
  bool jobs_paused = false;
  /// How many locks the items share, at least 1; directories do not depend on it.
  std::size_t lock_stripes = 4096;
  const core::Clock* clock = &core::Clock::system();
};

using TablePtr = std::shared_ptr<const Table>;
/// An index together with the version of its table that holds it.
using IndexPtr = std::shared_ptr<const Index>;

/// What a change of a table makes UPDATING: the table, only the indexes that `change` marks so, or nothing.
enum class UpdateScope : std::uint8_t { kTable, kIndexes, kSettings };
/// Says so of the table as it is before the change, under the catalog's lock.
using UpdateScopeOf = std::function<UpdateScope(const Table& present)>;

/// A table's primary key: the values, in schema order (hash, then range where the schema has one), and their bytes.
struct Key {
  std::vector<core::AttributeValue> values;
  std::string encoded;               // space | hash | parts: the store's key
  std::size_t partition_length = 0;  // how much of `encoded` is the partition's prefix
};

/// What was consumed, in capacity units, split as ConsumedCapacity splits it. Read and write units never mix in
/// one non-transactional call; a transaction doubles them.
struct Capacity {
  double table_read = 0;
  double table_write = 0;
  struct ForIndex {
    /// Of the version that was used, which need not be the one that the request began with.
    IndexPtr index;
    double read = 0;
    /// Of a vector index: bytes.
    double write = 0;
  };
  std::vector<ForIndex> indexes;
  /// Indexes add up by name, as that is how a reply names them: one that took a dropped one's name shares its entry.
  void add(const Capacity& other);
  /// In capacity units, so without vector indexes.
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
  bool must_be_new = false;                          // kPut: a condition that there is no item of that key
  const expression::Update* update = nullptr;        // kUpdate; null creates the bare key
  const expression::Condition* condition = nullptr;  // may be null
  bool want_old = false;                             // fill WriteOutcome::old_json
  bool want_new = false;                             // fill WriteOutcome::new_json
  bool want_old_on_failure = false;                  // ReturnValuesOnConditionCheckFailure=ALL_OLD
};

struct WriteOutcome {
  /// The condition did not hold, or what must be new was there, and nothing was written; with want_old_on_failure,
  /// old_json is the item that was found.
  bool condition_failed = false;
  bool existed = false;  // an item was there before
  std::string old_json;
  std::string new_json;
  std::size_t old_size_bytes = 0;
  std::size_t new_size_bytes = 0;
  Capacity capacity;
};

/// What became of one of several writes that are made for themselves.
struct SeparateOutcome {
  WriteOutcome outcome;
  /// Set if the table had no units left; then nothing was written.
  std::optional<ThroughputExceeded> exceeded;
};

/// Why one action of a transaction failed; kNone for those that did not.
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
  /// Where the transaction was cancelled, and nothing was written: one for each action. Else empty.
  std::vector<CancellationReason> reasons;
  /// Where it was not: one for each action.
  std::vector<WriteOutcome> outcomes;
  [[nodiscard]] bool cancelled() const { return !reasons.empty(); }
};

/// A position in a walk: what an ExclusiveStartKey says. Encoded key of the space being read.
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
  /// Read each hit's whole item from the table (a local index asked for attributes it does not project); charged.
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
  /// For each INLINE_FILTER element in order the value that items must have; nullopt: any, or none.
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
  std::uint64_t entries = 0;         // in the partition; nearly, where they are in memory
  /// Where the vectors were compared; only with a graph some of the nearest may be missing.
  enum class Source : std::uint8_t { kStore, kMemory, kGraph };
  Source source = Source::kStore;
};

/// Called for each item that passed the filter, with its canonical JSON; valid during the call.
using ItemSink = std::function<void(std::string_view item_json)>;

/// See engine/idempotency.h.
class TokenClaim;
class WritesTogether;
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

/// An engine at a moment, for whoever watches it.
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
  /// The table, usable for items: throws ResourceNotFoundException ("Requested resource not found") when missing or
  /// not yet/no longer usable (CREATING, DELETING).
  [[nodiscard]] TablePtr usable_table(std::string_view name) const;
  /// Names greater than `after`, sorted by bytes, at most `limit`.
  [[nodiscard]] std::vector<std::string> list_tables(std::string_view after, std::size_t limit) const;
  /// Publishes a new table: fills id, spaces, created_ms, status. Throws ResourceInUseException
  /// where there is one of that name.
  TablePtr create_table(Table table);
  /// Begins the deletion; returns the description with status DELETING. Throws ResourceNotFoundException,
  /// ResourceInUseException, ValidationException (deletion protection).
  TablePtr delete_table(std::string_view name);
  /// Replaces the table's metadata by what `change` makes of it (called under the catalog's lock; may throw ApiError to
  /// refuse). New indexes (space 0) are given a space and backfilled, indexes that are gone are dropped.
  /// `scope` says what becomes UPDATING. Throws ResourceNotFoundException; ResourceInUseException while the table is
  /// CREATING or DELETING, or one of its replicas is; what is refused while it is UPDATING is for `change` to say.
  TablePtr update_table(std::string_view name, const std::function<void(Table&)>& change, const UpdateScopeOf& scope);
  TablePtr update_table(std::string_view name, const std::function<void(Table&)>& change,
                        UpdateScope scope = UpdateScope::kTable);
  /// Changes what takes effect at once and does not make the table UPDATING (tags, TTL, deletion protection); neither
  /// keys nor indexes. Allowed in every state; while the table is DELETING, only what changes nothing, time to live and
  /// Kinesis destinations. Throws ResourceNotFoundException, ResourceInUseException.
  TablePtr annotate_table(std::string_view name, const std::function<void(Table&)>& change);
  [[nodiscard]] TableCounts counts(const Table& table) const;

  // --- items --------------------------------------------------------------------------------------------------
  /// The key of `table` out of already normalised values (schema order). Sizes and emptiness were checked.
  [[nodiscard]] static Key make_key(const Table& table, std::vector<core::AttributeValue> values);
  /// Reads the stored item into `json`; false where there is none (json is cleared). `size_bytes` is its DynamoDB size.
  /// Without `consistent_read` the item may be stale (Options::staleness).
  bool get_item(const Table& table, const Key& key, std::string& json, std::size_t& size_bytes,
                bool consistent_read = true) const;
  /// One write, atomic with its condition, its index entries and the counters. The outcome says whether the condition
  /// failed; update expressions and key checks throw. A write that leaves the item byte for byte the same is charged
  /// like any other and stores nothing.
  WriteOutcome write(const WriteAction& action);
  /// Begins to put the writes of this thread together (writes_together.h). Null where that cannot be: throughput, which
  /// is enforced, is taken by each write for itself. Waits at the gate.
  [[nodiscard]] std::unique_ptr<WritesTogether> begin_together();
  /// Whether this thread has passed the gate so.
  [[nodiscard]] bool puts_together() const;
  /// Writes on different items that need not happen together, for little more than one of them costs: they reach the
  /// store, and the disk, in one batch. Throws what `write` throws but ThroughputExceeded, with nothing written, unless
  /// throughput is enforced, where each is written for itself.
  std::vector<SeparateOutcome> write_each(std::span<const WriteAction> actions);
  /// All or nothing; the outcome has the reasons for a cancellation. Throws where the request as a whole is refused.
  /// The table's write capacity is doubled, the indexes' is not. With `claim` the same batch records the token, unless
  /// the transaction fails. `claim` must not be of a transaction that has happened already.
  TransactionOutcome transact_write(std::span<const WriteAction> actions, const TokenClaim* claim = nullptr);
  /// Begins a transaction under a ClientRequestToken; `request` is its canonical text (api/request_meaning.h).
  /// The claim says whether it happened within the last ten minutes. Throws IdempotentParameterMismatchException where
  /// the token stands for another request, TransactionInProgressException where the same is under way.
  [[nodiscard]] TokenClaim claim_token(std::string_view token, std::string_view request);
  /// One consistent view over several keys. Items missing come back as empty strings.
  struct ReadAction {
    TablePtr table;
    Key key;
  };
  struct ReadOutcome {
    std::string json;
    std::size_t size_bytes = 0;
    /// Set if the table has no units left; then none of the actions was read.
    std::optional<ThroughputExceeded> exceeded = std::nullopt;
  };
  std::vector<ReadOutcome> transact_get(std::span<const ReadAction> actions) const;
  /// Estimates the bytes of the item collection (table and local indexes) of this key's partition: the table's size,
  /// times the collection's share of the table's bytes in the store. Costs the same for every size.
  [[nodiscard]] std::uint64_t item_collection_size_bytes(const Table& table, const Key& key) const;

  // --- pages --------------------------------------------------------------------------------------------------
  Page read_page(const PageRequest& request, const ItemSink& sink) const;
  /// Compares every vector of the partition; where there are very many, only those that a graph leads to
  /// (Options::vector_graph_entries). Scores are exact in either case. Throws as read_page does.
  VectorMatches search_vectors(const VectorSearch& search) const;
  /// The position after which to go on, from ExclusiveStartKey's values: `index_values` in the index schema's order
  /// (empty for a walk of the table), `table_key` the table's key.
  [[nodiscard]] static StartPosition make_start(const Table& table, const Index* index,
                                                std::span<const core::AttributeValue> index_values,
                                                const Key& table_key);
  /// Whether `position` is within what the request reads (for "The provided starting key is outside query
  /// boundaries…").
  [[nodiscard]] static bool start_in_range(const PageRequest& request);

  // --- streams ------------------------------------------------------------------------------------------------
  /// Streams that are enabled, and those that were stopped less than a day ago, by name of table and label; of all
  /// tables where `table_name` is empty.
  [[nodiscard]] std::vector<StreamInfo> list_streams(std::string_view table_name) const;
  /// nullopt where there is none.
  [[nodiscard]] std::optional<StreamInfo> find_stream(std::string_view table_name, std::string_view label) const;
  [[nodiscard]] std::optional<StreamInfo> find_stream(store::SpaceId space) const;
  /// The position after all records of the shard whose write has returned; with Staleness::stream_ms, after the visible
  /// ones. Throws ResourceNotFoundException.
  [[nodiscard]] LogNumber end_of_shard(store::SpaceId stream, std::uint32_t shard) const;
  /// Reads records of a shard in order until `sink` has enough. Returns where to go on; nullopt where the shard is
  /// closed and was read to its end. Throws ResourceNotFoundException, and TrimmedDataAccessException where records
  /// from the position on were deleted.
  std::optional<LogNumber> read_stream(store::SpaceId stream, const LogPosition& position, const LogSink& sink) const;

  // --- backups ------------------------------------------------------------------------------------------------
  /// Makes a consistent backup of the table as it is now, without stopping writers, at a cost that does not grow with
  /// the table. Throws TableNotFoundException (also for a table that is being created), store::StoreError.
  BackupPtr create_backup(std::string_view table_name, std::string_view backup_name);
  /// Null where there is none.
  [[nodiscard]] BackupPtr find_backup(std::string_view id) const;
  /// In the order in which they were made.
  [[nodiscard]] std::vector<BackupPtr> list_backups() const;
  /// Returns the deleted backup. Throws BackupNotFoundException, and BackupInUseException while a table is restored
  /// from it; their messages name it by `arn`.
  BackupPtr delete_backup(std::string_view id, std::string_view arn);
  /// Publishes `table` (name, keys, indexes, settings), which is CREATING until a job has filled it from the backup.
  /// Throws the same, and TableAlreadyExistsException.
  TablePtr restore_backup(std::string_view id, std::string_view arn, Table table);

  /// From when to when the table can be restored; nullopt: not at all.
  struct RecoveryWindow {
    std::int64_t earliest_ms = 0;
    std::int64_t latest_ms = 0;
  };
  [[nodiscard]] std::optional<RecoveryWindow> recovery_window(const Table& table) const;
  /// Publishes `table` as `restore_backup` does, to be filled with the items that `source` had at `time_ms`, within its
  /// window. Throws TableAlreadyExistsException; TableNotFoundException and PointInTimeRecoveryUnavailableException
  /// where `source` is an earlier version of a table that is gone or has no recovery any more.
  TablePtr restore_to_time(const Table& source, std::int64_t time_ms, Table table);

  /// Exports of tables to buckets (export/exports.h).
  [[nodiscard]] Exports& exports();
  /// Tables made from buckets (import/imports.h).
  [[nodiscard]] Imports& imports();
  /// Items of buckets that are put into tables (import/bulk_puts.h).
  [[nodiscard]] BulkPuts& bulk_puts();
  /// Where all three of them have their buckets.
  [[nodiscard]] ChosenBuckets& buckets();
  /// Changes on their way to Kinesis streams.
  [[nodiscard]] Deliveries& deliveries();

  // --- background jobs ----------------------------------------------------------------------------------------
  /// The background jobs, and the last ones that ended.
  [[nodiscard]] std::vector<JobInfo> jobs() const;
  /// No job does a step until `resume_jobs` was called as often as `pause_jobs`. Waits for the running step.
  void pause_jobs();
  void resume_jobs();
  /// To be called after the clock was moved: does at once what is due now. False where that takes longer than
  /// `patience`, or while jobs are paused.
  bool run_due_jobs(std::chrono::milliseconds patience);

  /// Does not wait: nothing while the database is being restored, or where it is gone.
  [[nodiscard]] std::optional<Figures> try_figures();

  // --- saved states -------------------------------------------------------------------------------------------
  /// A thread that may run beside a `restore` or `reset` must pass this gate (GatePass) while it uses the engine or its
  /// tables and tokens. Passing throws store::StoreError after a restore that failed so that there is no database any
  /// more.
  [[nodiscard]] Gate& gate();
  [[nodiscard]] Snapshots& snapshots();
  /// Saves the whole database, in the place of an earlier snapshot of that name. See Snapshots::save. What is copied
  /// elsewhere should be kSettled: two such snapshots share the tables that the store has written, while what one that
  /// is made kAtOnce has in a log gets into tables of its own.
  void save_snapshot(std::string_view name, store::CheckpointKind kind = store::CheckpointKind::kAtOnce);
  void drop_snapshot(std::string_view name);
  /// Replaces the database with the snapshot's: waits for all calls that have passed the gate, and makes others wait.
  /// Paused jobs stay paused. The caller must not have passed the gate itself. Throws ApiError
  /// ResourceNotFoundException; store::StoreError, with the database unchanged if the gate can still be passed.
  void restore_snapshot(std::string_view name);
  /// The same with the snapshot kStartSnapshot where there is one, and else with an empty database.
  void reset();
  static constexpr std::string_view kStartSnapshot = "start";

 private:
  struct Impl;
  struct Frame;
  explicit Engine(std::unique_ptr<Frame> frame, std::unique_ptr<Impl> impl);
  static std::unique_ptr<Impl> start(Frame& frame, int job_pauses);
  void restart_with(const std::filesystem::path& checkpoint, Gate::Closed& closed);

  /// What outlives a restore; destroyed after `impl_`, which uses it.
  std::unique_ptr<Frame> frame_;
  std::unique_ptr<Impl> impl_;
};

/// Throws ValidationException where an attribute that is a key of one of the table's indexes is, in an item to be put,
/// of another type, empty or too long. Writing checks the same; this is for those who must know before they write.
void check_index_keys(const Table& table, const json::EncodedItem& item);

/// Read units for `bytes` read: 4 KB blocks, at least one; half when eventually consistent.
double read_units(std::size_t bytes, bool consistent);
/// Write units for an item of `bytes`: 1 KB blocks, at least one.
double write_units(std::size_t bytes);

}  // namespace stator::engine
