#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/log_sink.h"
#include "store/features.h"

namespace rocksdb {
class FileSystem;
class PinnableSlice;
class Statistics;
}  // namespace rocksdb

/// The ordered key-value store under the engine: RocksDB in a directory or in memory. Formats: docs/format.md.
namespace stator::store {

/// The directory cannot be opened: in use by another process, damaged, another program's, or of a later format.
/// `what()` is one line for the user.
struct OpenError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Another process uses the directory.
struct InUseError : OpenError {
  InUseError(const std::string& text, int pid) : OpenError(text), process_id(pid) {}
  /// The process that holds the lock; 0 if unknown.
  int process_id;
};

/// There is no store to open: no directory, or one in which no store was ever created.
struct NoStoreError : OpenError {
  using OpenError::OpenError;
};

/// The directory is damaged; `stator repair` may be able to save its contents.
struct DamagedError : OpenError {
  using OpenError::OpenError;
};

/// The store failed (disk full, I/O error). The write that threw was not acknowledged. Damage found by a checksum is
/// core::DamageError instead.
struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Memory and files that a store uses. The defaults are the server's.
struct Resources {
  /// Size of a memtable; a full one is written to a table. An in-memory store uses at most an eighth of its limit.
  std::size_t memtable_bytes = 64 << 20;
  /// For cached blocks of tables.
  std::size_t block_cache_bytes = 32 << 20;
  /// For cached rows (`CachePolicy::kRow`). 0: none are cached.
  std::size_t row_cache_bytes = 32 << 20;
  /// Limit of an in-memory store; writes beyond it are refused. 0: derived from the process's limits (memory_budget.h).
  std::uint64_t max_memory_bytes = 0;
  /// Number of tables whose descriptors stay open. 0: derived from the process's limit when the store is opened.
  std::size_t open_tables = 0;
  /// RocksDB's counters; null: not collected.
  std::shared_ptr<rocksdb::Statistics> statistics = nullptr;
  /// The file system to use; null: the system's. Tests inject faults here.
  std::shared_ptr<rocksdb::FileSystem> file_system = nullptr;
};

struct Options {
  /// Empty: in memory.
  std::filesystem::path directory;
  /// Wait for the disk before acknowledging a write.
  bool sync = false;
  bool create_if_missing = true;
  /// Change and create nothing in the directory, so that several processes may read it at once; writes throw
  /// StoreError. The directory must exist.
  bool read_only = false;
  /// Receives background errors, and what was repaired when the store was opened.
  core::LogSink log = {};
  Resources resources = {};
};

/// Sizes and states of a store, for metrics.
struct Figures {
  std::uint64_t table_bytes = 0;     // of the tables in use, on disk or in memory
  std::uint64_t memtable_bytes = 0;  // of writes not yet in tables
  std::uint64_t block_cache_bytes = 0;
  std::uint64_t row_cache_bytes = 0;
  std::uint64_t pending_merge_bytes = 0;  // of tables waiting to be merged
  std::uint64_t merges = 0;               // running now
  std::uint64_t flushes = 0;
  std::uint64_t failures = 0;   // how often writes began to be refused because of an error, since the store was opened
  bool failing = false;         // whether writes are refused now
  bool writes_stopped = false;  // until flushes or merges end
};

enum class CheckpointKind : std::uint8_t {
  kSettled,  // tables only, except for writes made meanwhile
  kAtOnce,   // unflushed writes stay in a log, so that the checkpoint does not wait for a flush
};

/// The most descriptors that a store in a directory uses at once, in a process with a limit of `process_limit`
/// (RLIMIT_NOFILE). The rest is for connections.
std::size_t descriptors_needed(std::size_t process_limit);

/// What to cache of a row that was read from a table, once the block cache is full; until then every block that is read
/// is cached. Reads look in both caches in any case.
enum class CachePolicy : std::uint8_t {
  /// Nothing: the row is about to be replaced.
  kNothing,
  /// The block that contains the row.
  kBlock,
  /// The row alone, unless it is known to be large or a write of it is running; then its block.
  kRow,
};

/// A key to look up with `Store::get_each`.
struct Lookup {
  std::string_view key;
  /// Receives the value; emptied if the key is absent.
  std::string* value = nullptr;
  /// Whether the key exists; nullopt if it could not be read (`get` then throws the reason).
  std::optional<bool> found;
};

/// Changes that are applied together or not at all.
class Batch;
/// An ordered walk over one consistent view.
class Cursor;
/// One consistent view for several reads. Must not outlive its Store.
class Snapshot;

class Store {
 public:
  /// Throws OpenError; NoStoreError if there is no store and none may be created.
  static std::unique_ptr<Store> open(const Options& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Reads one value into `value`; returns false and empties `value` if the key is absent. Throws StoreError (I/O
  /// error) and core::DamageError (wrong checksum). Without a snapshot, reads the newest state. Never caches the row:
  /// kRow means kBlock here.
  [[nodiscard]] bool get(std::string_view key, std::string& value, const Snapshot* snapshot = nullptr,
                         CachePolicy policy = CachePolicy::kBlock) const;
  /// Reads the newest values of several keys, faster than one by one: while memory fetches a table's filter for one
  /// key, the others are looked up.
  void get_each(std::span<Lookup> lookups, CachePolicy policy = CachePolicy::kBlock) const;
  /// Like `get`, but passes `visit` a view of the value that is valid during the call; saves a copy.
  [[nodiscard]] bool visit(std::string_view key, const std::function<void(std::string_view)>& visit,
                           const Snapshot* snapshot = nullptr, CachePolicy policy = CachePolicy::kBlock) const;
  /// Adds `feature`, durably, to those in the directory's marker that a program must know to open it. Call this before
  /// writing the first key of that kind; cheap if the marker names the feature already. Throws StoreError.
  void require(Feature feature);
  /// Removes the feature from the marker, after everything written so far is on disk. Call this when nothing needs it.
  void release(Feature feature);
  /// Applies the batch atomically. Throws StoreError and core::DamageError.
  void write(Batch& batch);
  /// The same for a batch that holds the writes of `callers` callers.
  void write(Batch& batch, std::size_t callers);
  /// The same, but does not wait for the disk: the write survives the death of the process, but a power loss only if a
  /// synced write follows it. For background work that can be repeated. Writes reach the disk in call order.
  void write_unsynced(Batch& batch);
  /// Throws StoreError while the log accepts no writes because a write to it has failed. Readers do not see that write,
  /// but if the process ends, the next start may find it in the log. Call this before acknowledging a write that stores
  /// nothing because it changes nothing: after such a start the acknowledgement could be wrong.
  void check_log() const;
  /// A view of the state after all writes that have returned.
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const;
  /// A cursor over [lower, upper); an empty upper bound means no bound; the bounds are copied. It has no
  /// position until one of its seek functions is called.
  [[nodiscard]] std::unique_ptr<Cursor> cursor(std::string_view lower, std::string_view upper,
                                               const Snapshot* snapshot = nullptr) const;
  /// Estimates the compressed size of the keys and values in [lower, upper) without reading them. Good for comparing
  /// ranges of the same kind of data.
  [[nodiscard]] std::uint64_t approximate_size_bytes(std::string_view lower, std::string_view upper) const;
  /// Deletes every key in [lower, upper): one by one if there are few, otherwise with a range tombstone. Tables that
  /// hold nothing else are dropped unless an older snapshot exists. Not atomic: an error leaves some keys deleted.
  void delete_range(std::string_view lower, std::string_view upper);
  /// Makes a checkpoint in `directory`, which must not exist: a consistent state with all batches written before the
  /// call, and a prefix of those written during it. Writers continue. On the same file system its time and space do not
  /// grow with the store, as tables are hard-linked; they take space once the store would have deleted them. The
  /// checkpoint is durable and independent of the store.
  /// On a disk it is a data directory like any other; one that a killed process left incomplete has no file STATOR. An
  /// in-memory store makes it in its own environment, where only `open_checkpoint` reads it; its files are written
  /// after the call, and the functions that use it wait for them. A kAtOnce checkpoint is only as durable as the writes
  /// in it, and slow to restore until it is settled. Throws StoreError.
  void checkpoint(const std::filesystem::path& directory, CheckpointKind kind = CheckpointKind::kSettled);
  /// Moves a checkpoint that is not in use, within the same file system; a checkpoint at `to` is replaced atomically
  /// and removed. Not for in-memory stores. Throws StoreError.
  void move_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);
  /// Replaces a kAtOnce checkpoint, which must be in its final place, with a settled one in the background.
  void settle_checkpoint(const std::filesystem::path& directory);
  /// Opens a checkpoint for reading. In memory it may outlive this store. Throws OpenError.
  [[nodiscard]] std::unique_ptr<Store> open_checkpoint(const std::filesystem::path& directory) const;
  /// The names in `directory`: its checkpoints, and on a disk everything else in it. Empty if there is no such
  /// directory. Throws StoreError.
  [[nodiscard]] std::vector<std::string> checkpoints_in(const std::filesystem::path& directory) const;
  /// Removes what interrupted settling or removing of checkpoints left in `directory`. Nobody else may be changing
  /// checkpoints there. Throws StoreError.
  void clear_checkpoints(const std::filesystem::path& directory);
  /// Removes a checkpoint, complete or not; does nothing if there is none. Throws StoreError.
  void remove_checkpoint(const std::filesystem::path& directory);
  /// Replaces the store's content with that of a checkpoint, or with nothing if `checkpoint` is empty, as if the store
  /// had been closed, replaced and opened again. No other thread may use the store meanwhile, and no cursor or snapshot
  /// may exist. The checkpoint stays. Time and space do not grow with the store.
  /// On a disk, a process that is killed meanwhile leaves the store either unchanged or restored; the next restore of
  /// the same checkpoint is prepared in the background. Throws StoreError and leaves the store unchanged; in memory,
  /// throws OpenError if the store could not be opened again, after which it can only be destroyed (`is_open`).
  void restore(const std::filesystem::path& checkpoint);
  [[nodiscard]] bool is_open() const;
  /// Reads every table and verifies its checksums; returns one line for each damaged table.
  [[nodiscard]] std::vector<std::string> damaged_files() const;
  [[nodiscard]] bool is_read_only() const;
  /// The current figures. Each takes a lock of the database.
  [[nodiscard]] Figures figures() const;
  /// Writes the memtables to tables, so that the next start need not replay a log. Also called by the destructor.
  void flush();

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  void write(Batch& batch, bool sync, std::size_t callers);
  /// Reads from RocksDB, without the row cache; false if the key is absent.
  bool read(std::string_view key, rocksdb::PinnableSlice& value, const Snapshot* snapshot, CachePolicy policy) const;
  std::unique_ptr<Impl> impl_;
};

class Snapshot {
 public:
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  friend class Store;
  struct Impl;
  explicit Snapshot(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  void put(std::string_view key, std::string_view value);
  /// The value is the concatenation of both parts, which saves the caller a copy.
  void put(std::string_view key, std::string_view value_head, std::string_view value_tail);
  void remove(std::string_view key);
  void clear();
  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t size_bytes() const;
  /// Starts a part: `drop_part` removes everything added since the last `begin_part`.
  void begin_part();
  void drop_part();

 private:
  friend class Store;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Cursor {
 public:
  ~Cursor();
  void seek_to_first();
  void seek_to_last();
  /// Moves to the first key >= `key`.
  void seek(std::string_view key);
  /// Moves to the last key <= `key`.
  void seek_for_prev(std::string_view key);
  void next();
  void prev();
  /// False past either end. Throws StoreError or core::DamageError if an error ended the walk.
  [[nodiscard]] bool valid() const;
  /// Valid until the cursor moves.
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] std::string_view value() const;

 private:
  friend class Store;
  struct Impl;
  explicit Cursor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::store
