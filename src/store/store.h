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

/// The ordered key-value store under the engine: RocksDB on a directory, or RocksDB on its in-memory environment.
/// Formats: docs/format.md.
namespace stator::store {

/// The directory cannot be opened: held by another process, damaged, of another program or of a later format.
/// `what()` is one line for the user.
struct OpenError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Another process uses the directory.
struct InUseError : OpenError {
  InUseError(const std::string& text, int pid) : OpenError(text), process_id(pid) {}
  /// The process that holds the lock; 0 where the system does not tell.
  int process_id;
};

/// There is no store to be opened: no directory, or one in which no store was ever created.
struct NoStoreError : OpenError {
  using OpenError::OpenError;
};

/// The directory is damaged; `stator repair` may save what is in it.
struct DamagedError : OpenError {
  using OpenError::OpenError;
};

/// The store failed under us (disk full, I/O error). The write that threw was not acknowledged. Damage found by a
/// checksum is core::DamageError instead.
struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Memory that a store uses, and what is below it. The defaults are the server's.
struct Resources {
  /// Writes are collected in memory up to this size, then written to a table. In an in-memory store at most an eighth
  /// of its limit.
  std::size_t memtable_bytes = 64 << 20;
  /// For blocks of tables that were read.
  std::size_t block_cache_bytes = 32 << 20;
  /// For rows that were read to be kept (`Keep`). 0: none are.
  std::size_t row_cache_bytes = 32 << 20;
  /// Limit of an in-memory store; writes beyond it are refused. 0: derived from the process's limits (memory_budget.h).
  std::uint64_t max_memory_bytes = 0;
  /// Tables whose descriptors stay open. 0: derived from the process's limit when the store is opened.
  std::size_t open_tables = 0;
  /// RocksDB's counters; null: none are kept.
  std::shared_ptr<rocksdb::Statistics> statistics = nullptr;
  /// The file system under a directory; null: the system's. Tests inject faults here.
  std::shared_ptr<rocksdb::FileSystem> file_system = nullptr;
};

struct Options {
  /// Empty: in memory.
  std::filesystem::path directory;
  /// Wait for the disk before acknowledging a write.
  bool sync = false;
  bool create_if_missing = true;
  /// Nothing in the directory is changed or created, and several processes may read at the same time; writes throw
  /// StoreError. Only for a directory that is there.
  bool read_only = false;
  /// Gets background errors and what was repaired at the start.
  core::LogSink log = {};
  Resources resources = {};
};

/// What a store takes, and how it fares.
struct Figures {
  std::uint64_t table_bytes = 0;     // of the tables that are in use, on the disk or in memory
  std::uint64_t memtable_bytes = 0;  // writes that are in memory
  std::uint64_t block_cache_bytes = 0;
  std::uint64_t row_cache_bytes = 0;
  std::uint64_t pending_merge_bytes = 0;  // of tables that are to be merged with others
  std::uint64_t merges = 0;               // under way
  std::uint64_t flushes = 0;
  std::uint64_t failures = 0;   // how often writes were refused for an error, since it was opened
  bool failing = false;         // they are
  bool writes_stopped = false;  // until flushes or merges have ended
};

enum class CheckpointKind : std::uint8_t {
  kSettled,  // tables alone, but for writes made meanwhile
  kAtOnce,   // writes that are in memory stay in a log, so that nothing waits for them to be written to a table
};

/// The greatest number of descriptors that a store on a directory uses at once, in a process with `process_limit` of
/// them (RLIMIT_NOFILE). The rest is for connections.
std::size_t descriptors_needed(std::size_t process_limit);

/// What stays in memory of a row that was read from a table, for the next time, once the cache of blocks is full; while
/// it has room, each block that was read does. Reads look there in any case.
enum class Keep : std::uint8_t {
  /// Nothing: the row is about to be replaced.
  kNothing,
  /// The block with the rows beside it.
  kBlock,
  /// The row alone, where it is known to be a small one and no write of it is under way; else its block.
  kRow,
};

/// A key whose newest value is wanted (`Store::get_each`).
struct Lookup {
  std::string_view key;
  /// Is replaced; emptied where the key is absent.
  std::string* value = nullptr;
  /// Whether the key is there. Nothing where it could not be read: `get` tells why.
  std::optional<bool> found;
};

/// Changes that happen together or not at all.
class Batch;
/// An ordered walk over one consistent view.
class Cursor;
/// One consistent view, for reads that belong together. Must not outlive its Store.
class Snapshot;

class Store {
 public:
  /// Throws OpenError; NoStoreError where there is no store and none may be created.
  static std::unique_ptr<Store> open(const Options& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Reads one value into `value` (replacing it); false where the key is absent, with `value` emptied. May throw
  /// StoreError (I/O error) and core::DamageError (a checksum fails). A null snapshot means the newest state. Keeps no
  /// row: kRow is as good as kBlock here.
  [[nodiscard]] bool get(std::string_view key, std::string& value, const Snapshot* snapshot = nullptr,
                         Keep keep = Keep::kBlock) const;
  /// Reads the newest values of several keys, which takes less than one after the other: while the memory fetches what
  /// tells whether a table has one of them, the others are looked for.
  void get_each(std::span<Lookup> lookups, Keep keep = Keep::kBlock) const;
  /// As `get`, but passes `visit` a view of the value, valid during the call, which saves a copy.
  [[nodiscard]] bool visit(std::string_view key, const std::function<void(std::string_view)>& visit,
                           const Snapshot* snapshot = nullptr, Keep keep = Keep::kBlock) const;
  /// Notes in the directory's marker, durably, that a program must know `feature` to open it. To be called before the
  /// first key of that kind is written; cheap where the marker has the feature already. Throws StoreError.
  void require(Feature feature);
  /// Notes likewise, once all that was written is on the disk, that nothing needs the feature any more.
  void release(Feature feature);
  /// Applies the batch atomically. Throws StoreError and core::DamageError.
  void write(Batch& batch);
  /// The same for a batch with the writes of so many callers.
  void write(Batch& batch, std::size_t callers);
  /// The same, but without waiting for the disk: the write survives the death of the process, and a power loss only
  /// after a later synced write. For background work that can be repeated. Writes reach the disk in call order.
  void write_unsynced(Batch& batch);
  /// The state after every write that has returned.
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const;
  /// A cursor over [lower, upper); an empty upper bound means no bound; the bounds are copied. It has no position until
  /// one of its seek functions is called.
  [[nodiscard]] std::unique_ptr<Cursor> cursor(std::string_view lower, std::string_view upper,
                                               const Snapshot* snapshot = nullptr) const;
  /// Estimates the size of the keys and values in [lower, upper), compressed, without reading them. Good for comparing
  /// ranges of the same kind of data with each other.
  [[nodiscard]] std::uint64_t approximate_size_bytes(std::string_view lower, std::string_view upper) const;
  /// Deletes every key in [lower, upper), cheaply: one by one while they are few, else by one range tombstone; tables
  /// that hold nothing else are dropped, unless a snapshot is older. Not atomic: an error leaves some keys deleted.
  void delete_range(std::string_view lower, std::string_view upper);
  /// Makes a checkpoint in `directory`, which must not exist: a consistent state with all batches written before the
  /// call, and a prefix of those that are written during it. Writers continue. On the same file system neither time nor
  /// space grows with the store, as its tables are hard-linked; they take space once the store would have deleted them.
  /// The checkpoint is durable and independent of the store: on a disk it is a data directory like any other; one that
  /// a killed process left incomplete has no file STATOR. A store in memory makes it in its own environment, where only
  /// `open_checkpoint` reads it; its files are written after the call, and the functions that use it wait for them.
  /// One that is made kAtOnce is as durable as the writes in it, and slow to restore until it is settled. Throws
  /// StoreError.
  void checkpoint(const std::filesystem::path& directory, CheckpointKind kind = CheckpointKind::kSettled);
  /// Gives a checkpoint that nothing uses its place, in the same folder or another one of the same file system; a
  /// checkpoint that is there is replaced at once and removed. Not in memory. Throws StoreError.
  void move_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);
  /// The checkpoint, made kAtOnce, is where it will stay: replaces it with a settled one in the background.
  void settle_checkpoint(const std::filesystem::path& directory);
  /// Opens a checkpoint for reading. In memory it may outlive this store. Throws OpenError.
  [[nodiscard]] std::unique_ptr<Store> open_checkpoint(const std::filesystem::path& directory) const;
  /// The names in `directory`: its checkpoints, and on a disk whatever else is there. Nothing where there is no such
  /// directory. Throws StoreError.
  [[nodiscard]] std::vector<std::string> checkpoints_in(const std::filesystem::path& directory) const;
  /// Removes from `directory`, whose checkpoints nobody else changes now, what an interruption left of some that were
  /// being settled or removed. Throws StoreError.
  void clear_checkpoints(const std::filesystem::path& directory);
  /// Removes a checkpoint, complete or not; does nothing where there is none. Throws StoreError.
  void remove_checkpoint(const std::filesystem::path& directory);
  /// Replaces the store's content with that of a checkpoint, or with nothing where `checkpoint` is empty, as if it had
  /// been closed, replaced and opened again. No other thread may use the store meanwhile, and no cursor or snapshot may
  /// exist. The checkpoint stays. Neither time nor space grows with the store. On a disk a process that is killed
  /// meanwhile leaves the store as it was or restored; it is prepared for the next restore of the same checkpoint in
  /// the background. Throws StoreError, with the store unchanged; in memory OpenError where it could not be opened
  /// again and can only be destroyed (`is_open`).
  void restore(const std::filesystem::path& checkpoint);
  [[nodiscard]] bool is_open() const;
  /// Reads every table and verifies its checksums; returns a line for each damaged one.
  [[nodiscard]] std::vector<std::string> damaged_files() const;
  [[nodiscard]] bool is_read_only() const;
  /// At this moment. Takes a lock of the database's for each figure.
  [[nodiscard]] Figures figures() const;
  /// Writes the memtables to tables, so that the next start need not replay a log. The destructor calls it too.
  void flush();

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  void write(Batch& batch, bool sync, std::size_t callers);
  /// From RocksDB; false where the key is absent.
  bool read(std::string_view key, rocksdb::PinnableSlice& value, const Snapshot* snapshot, Keep keep) const;
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
  /// The value is the concatenation of two parts, which saves the caller a copy.
  void put(std::string_view key, std::string_view value_head, std::string_view value_tail);
  void remove(std::string_view key);
  void clear();
  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t size_bytes() const;
  /// What is added from here on can be dropped again, until the next call.
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
  /// To the first key >= `key`.
  void seek(std::string_view key);
  /// To the last key <= `key`.
  void seek_for_prev(std::string_view key);
  void next();
  void prev();
  /// False past either end. Throws StoreError or core::DamageError where an error ended the walk.
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
