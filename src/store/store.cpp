#include "store/store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <thread>

#include "core/damage_error.h"
#include "store/checkpoint.h"
#include "store/data_directory.h"
#include "store/disk_store.h"
#include "store/file_check.h"
#include "store/group_commit.h"
#include "store/memory_budget.h"
#include "store/memory_checkpoints.h"
#include "store/next_store.h"
#include "store/optionless_file_system.h"
#include "store/rocks_options.h"
#include "store/row_cache.h"
#include "store/small_file.h"
#include "store/status_text.h"
#include "store/store_links.h"

namespace stator::store {
namespace {

/// Up to this many keys are deleted one by one: a range tombstone costs every later read a little.
constexpr std::size_t kFewKeys = 1000;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

void check(const rocksdb::Status& status) {
  if (status.IsCorruption()) throw core::DamageError(one_line(status));
  if (!status.ok()) throw StoreError(one_line(status));
}

/// The store's path in its in-memory environment.
constexpr const char* kMemoryPath = "/stator";
/// How long to retry a write that would have to wait for a flush, which takes less than a second.
constexpr std::chrono::seconds kWriteTriedAgain{2};
constexpr std::chrono::milliseconds kTriedEvery{1};

/// RocksDB's files in memory, except the file of its options. Its clock stands still, so that RocksDB never slows
/// writers down.
class MemoryEnv final : public rocksdb::EnvWrapper {
 public:
  explicit MemoryEnv(std::unique_ptr<rocksdb::Env> memory) : EnvWrapper(std::move(memory)) {
    file_system_ = std::make_shared<OptionlessFileSystem>(target()->GetFileSystem());
    system_clock_ = target()->GetSystemClock();
  }
};

}  // namespace

struct Snapshot::Impl {
  rocksdb::DB* db;
  const rocksdb::Snapshot* snapshot;
};
Snapshot::Snapshot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Snapshot::~Snapshot() { impl_->db->ReleaseSnapshot(impl_->snapshot); }

struct Batch::Impl {
  /// Enough for a small item with its counters, without a second allocation.
  static constexpr std::size_t kUsualBytes = 512;
  rocksdb::WriteBatch batch{kUsualBytes};
  boost::container::small_vector<RowCache::Hash, 8> keys;
  bool removes = false;
  struct Part {
    std::size_t keys = 0;
    bool removes = false;
  };
  std::optional<Part> part;  // the state before the part

  rocksdb::Slice key(std::string_view key) {
    keys.push_back(RowCache::hash(key));
    return slice(key);
  }
};
Batch::Batch() : impl_(std::make_unique<Impl>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
void Batch::put(std::string_view key, std::string_view value) {
  check(impl_->batch.Put(impl_->key(key), slice(value)));
}
void Batch::put(std::string_view key, std::string_view value_head, std::string_view value_tail) {
  const rocksdb::Slice key_part = impl_->key(key);
  const std::array<rocksdb::Slice, 2> value_parts = {slice(value_head), slice(value_tail)};
  check(impl_->batch.Put(rocksdb::SliceParts(&key_part, 1), rocksdb::SliceParts(value_parts.data(), 2)));
}
void Batch::remove(std::string_view key) {
  check(impl_->batch.Delete(impl_->key(key)));
  impl_->removes = true;
}
void Batch::clear() {
  impl_->batch.Clear();
  impl_->keys.clear();
  impl_->removes = false;
  impl_->part.reset();
}
std::size_t Batch::size_bytes() const { return impl_->batch.GetDataSize(); }
void Batch::begin_part() {
  if (impl_->part) impl_->batch.PopSavePoint().PermitUncheckedError();
  impl_->batch.SetSavePoint();
  impl_->part = {impl_->keys.size(), impl_->removes};
}
void Batch::drop_part() {
  check(impl_->batch.RollbackToSavePoint());
  impl_->keys.resize(impl_->part->keys);
  impl_->removes = impl_->part->removes;
  impl_->part.reset();
}
bool Batch::empty() const { return impl_->batch.Count() == 0; }

struct Cursor::Impl {
  // The iterator keeps pointers to the bounds.
  std::string lower;
  std::string upper;
  rocksdb::Slice lower_slice;
  rocksdb::Slice upper_slice;
  std::unique_ptr<rocksdb::Iterator> iterator;
};
Cursor::Cursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cursor::~Cursor() = default;
void Cursor::seek_to_first() { impl_->iterator->SeekToFirst(); }
void Cursor::seek_to_last() { impl_->iterator->SeekToLast(); }
void Cursor::seek(std::string_view key) { impl_->iterator->Seek(slice(key)); }
void Cursor::seek_for_prev(std::string_view key) { impl_->iterator->SeekForPrev(slice(key)); }
void Cursor::next() { impl_->iterator->Next(); }
void Cursor::prev() { impl_->iterator->Prev(); }
bool Cursor::valid() const {
  if (impl_->iterator->Valid()) return true;
  check(impl_->iterator->status());
  return false;
}
std::string_view Cursor::key() const { return view(impl_->iterator->key()); }
std::string_view Cursor::value() const { return view(impl_->iterator->value()); }

struct Store::Impl {
  explicit Impl(const Options& options) : opened_with(options), read_only(options.read_only) {}

  Options opened_with;
  bool read_only = false;
  RowCache rows{opened_with.resources.row_cache_bytes};
  rocksdb::WriteOptions write_options;
  std::unique_ptr<MemoryBudget> budget;
  // In order of construction, so that a database is destroyed before the members that it uses.
  std::unique_ptr<DataDirectory> data_directory;
  std::unique_ptr<DiskStore> disk;
  std::unique_ptr<NextStore> next;
  /// Shared with open checkpoints.
  std::shared_ptr<rocksdb::Env> memory;
  std::unique_ptr<Database> in_memory;
  std::unique_ptr<MemoryCheckpoints> memory_checkpoints;
  std::atomic<std::uint32_t> reads_of_blocks = 0;
  std::atomic<bool> room_for_blocks = true;
  /// That of `disk` or `in_memory`.
  Database* database = nullptr;
  rocksdb::DB* db = nullptr;
  GroupCommit group_commit{[this](rocksdb::WriteBatch& batch) { return write(batch, true); }};

  /// Returns what `write` returns. If it throws, ends the process: RocksDB's writers stand in a queue, which a writer
  /// that throws never leaves, so every later write and the closing of the store would wait forever.
  template <typename Write>
  rocksdb::Status in_queue(const Write& write) const noexcept {
    try {
      return write();
    } catch (const std::exception& error) {
      core::log(opened_with.log, core::LogLevel::kError,
                std::string("a write to the store failed within RocksDB (") + error.what() +
                    "), after which no other would end; the process ends instead");
      std::abort();
    }
  }
  rocksdb::Status write(rocksdb::WriteBatch& batch, bool sync) const {
    rocksdb::WriteOptions options = write_options;
    options.sync = sync;
    rocksdb::Status error = database->errors().write_error();
    return error.ok() ? written([&] { return db->Write(options, &batch); }) : error;
  }
  /// Runs `write`, and retries it for a while: after a failed merge RocksDB refuses a write that would have to wait,
  /// even for a flush.
  template <typename Write>
  rocksdb::Status written(const Write& write) const {
    const auto end = std::chrono::steady_clock::now() + kWriteTriedAgain;
    rocksdb::Status status = in_queue(write);
    while (status.IsIncomplete() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kTriedEvery);
      status = in_queue(write);
    }
    return status;
  }
  /// Makes a write. Throws if it fails; the database's errors are told of it, since they try to resume.
  template <typename Write>
  void write_or_throw(const Write& write) const {
    const std::uint64_t recoveries = database->errors().recoveries();
    const rocksdb::Status status = write();
    if (status.ok()) return;
    if (status.IsMemoryLimit()) throw std::bad_alloc();
    database->errors().on_write_failed(status, recoveries);
    check(status);
  }
  rocksdb::ReadOptions read_options(CachePolicy policy) {
    rocksdb::ReadOptions read;
    read.fill_cache = policy != CachePolicy::kNothing || has_room_for_blocks();
    return read;
  }
  /// Whether no snapshot is older than `present`. Waits a moment for the snapshots of reads, which end soon.
  bool snapshots_are_since(rocksdb::SequenceNumber present) const;
  void drop_files(const rocksdb::Slice& lower, const rocksdb::Slice& upper) const;
  void open_memory(const Options& options, const std::string& path);
  /// Whether the block cache has room; the answer may be slightly old.
  bool has_room_for_blocks();
  void open_disk();
  void use(Database* opened);
  void restore_memory(const std::filesystem::path& checkpoint);
  void restore_disk(const std::filesystem::path& checkpoint);
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() {
  if (impl_->db == nullptr) return;
  try {
    flush();
  } catch (const std::exception&) {
    // The log still has everything; the next start replays it.
  }
  if (impl_->memory_checkpoints != nullptr) impl_->memory_checkpoints->wait();
  impl_->next.reset();
  if (impl_->disk != nullptr) impl_->disk->close_cleanly();
}

std::unique_ptr<Store> Store::open(const Options& options) {
  auto impl = std::make_unique<Impl>(options);
  options.directory.empty() ? impl->open_memory(options, kMemoryPath) : impl->open_disk();
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

void Store::Impl::use(Database* opened) {
  database = opened;
  db = opened != nullptr ? opened->rocks() : nullptr;
}

bool Store::Impl::snapshots_are_since(rocksdb::SequenceNumber present) const {
  constexpr int kLooks = 20;
  constexpr std::chrono::milliseconds kPause{1};
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) std::this_thread::sleep_for(kPause);
    std::uint64_t oldest = 0;  // stays 0 if there is none
    if (!db->GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest)) return false;
    if (oldest == 0 || oldest >= present) return true;
  }
  return false;
}

/// Drops the tables that hold nothing but deleted keys of the range; those that hold other keys too shrink when they
/// are merged. Without this, the space of a deleted range in a large table would stay occupied until other writes cause
/// it to be merged.
void Store::Impl::drop_files(const rocksdb::Slice& lower, const rocksdb::Slice& upper) const {
  constexpr std::uint64_t kWorthASync = 8 << 20;
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  const rocksdb::Range range(lower, upper);
  std::uint64_t size_bytes = 0;
  rocksdb::Status error = db->GetApproximateSizes({}, family, &range, 1, &size_bytes);
  if (!error.ok() || size_bytes < kWorthASync) return;
  // A snapshot from before the deletion would miss the keys.
  if (!snapshots_are_since(db->GetLatestSequenceNumber())) return;
  // Otherwise a power loss could undo the deletion, if it is not on disk, although the files are gone.
  if (!write_options.disableWAL && !write_options.sync) error = db->FlushWAL(true);
  const rocksdb::RangePtr files(&lower, &upper);
  if (error.ok()) error = rocksdb::DeleteFilesInRanges(db, family, &files, 1, false);
  // The keys are deleted in any case. The database records write errors itself.
  error.PermitUncheckedError();
}

void Store::Impl::open_memory(const Options& options, const std::string& path) {
  const std::uint64_t limit_bytes =
      options.resources.max_memory_bytes != 0 ? options.resources.max_memory_bytes : default_memory_limit();
  // Replaced rows take memory until their memtable is written out, so the memtable must not fill the store by itself.
  constexpr std::uint64_t kMemtablePart = 8;
  Options in_bounds = options;
  in_bounds.resources.memtable_bytes =
      std::min<std::uint64_t>(options.resources.memtable_bytes, limit_bytes / kMemtablePart);
  rocksdb::Options rocks = rocks_options(in_bounds);
  if (memory == nullptr)
    memory = std::make_shared<MemoryEnv>(std::unique_ptr<rocksdb::Env>(rocksdb::NewMemEnv(rocksdb::Env::Default())));
  rocks.env = memory.get();
  rocks.create_if_missing = true;
  if (budget == nullptr) budget = std::make_unique<MemoryBudget>(limit_bytes);
  // No log could outlive the process.
  write_options.disableWAL = true;
  in_memory = std::make_unique<Database>(options.log);
  in_memory->open(rocks, path, read_only, "the in-memory store");
  use(in_memory.get());
  if (memory_checkpoints == nullptr && !read_only) {
    memory_checkpoints = std::make_unique<MemoryCheckpoints>(rocks, *budget);
  }
}

Figures Store::figures() const {
  using Properties = rocksdb::DB::Properties;
  const auto figure = [this](const std::string& name) {
    std::uint64_t value = 0;
    return impl_->db->GetIntProperty(name, &value) ? value : 0;
  };
  const BackgroundErrors::Failures failures = impl_->database->errors().failures();
  return {.table_bytes = figure(Properties::kLiveSstFilesSize),
          .memtable_bytes = figure(Properties::kCurSizeAllMemTables),
          .block_cache_bytes = figure(Properties::kBlockCacheUsage),
          .row_cache_bytes = impl_->rows.used_bytes(),
          .pending_merge_bytes = figure(Properties::kEstimatePendingCompactionBytes),
          .merges = figure(Properties::kNumRunningCompactions),
          .flushes = figure(Properties::kNumRunningFlushes),
          .failures = failures.count,
          .failing = failures.under_way,
          .writes_stopped = figure(Properties::kIsWriteStopped) != 0};
}

bool Store::Impl::has_room_for_blocks() {
  // Asking takes a lock of the database, and a hundred blocks more or less do not matter.
  constexpr std::uint32_t kReadsBetween = 128;
  constexpr std::uint64_t kFreePart = 4;
  if (reads_of_blocks.fetch_add(1, std::memory_order_relaxed) % kReadsBetween == 0) {
    std::uint64_t used_bytes = 0;
    db->GetIntProperty(rocksdb::DB::Properties::kBlockCacheUsage, &used_bytes);
    const std::uint64_t capacity_bytes = opened_with.resources.block_cache_bytes;
    room_for_blocks.store(used_bytes < capacity_bytes - capacity_bytes / kFreePart, std::memory_order_relaxed);
  }
  return room_for_blocks.load(std::memory_order_relaxed);
}

void Store::Impl::open_disk() {
  const Access access = read_only                       ? Access::kReadOnly
                        : opened_with.create_if_missing ? Access::kCreate
                                                        : Access::kReadWrite;
  // Restores open their stores with the current limit too: the process may raise its limit for connections later.
  if (opened_with.resources.open_tables == 0) opened_with.resources.open_tables = open_tables();
  try {
    data_directory = std::make_unique<DataDirectory>(opened_with.directory, access, opened_with.log);
    write_options.sync = opened_with.sync;
    disk = DiskStore::open(opened_with, *data_directory);
  } catch (const DamagedError&) {
    refuse_unreadable_files(opened_with.directory);
    throw;
  }
  use(&disk->database());
  next = std::make_unique<NextStore>([this](const std::filesystem::path& checkpoint) {
    return DiskStore::make(opened_with, *data_directory, checkpoint);
  });
}

bool Store::read(std::string_view key, rocksdb::PinnableSlice& value, const Snapshot* snapshot,
                 CachePolicy policy) const {
  rocksdb::ReadOptions read = impl_->read_options(policy);
  if (snapshot != nullptr) read.snapshot = snapshot->impl_->snapshot;
  const rocksdb::Status status = impl_->db->Get(read, impl_->db->DefaultColumnFamily(), slice(key), &value);
  if (status.IsNotFound()) return false;
  check(status);
  return true;
}

bool Store::visit(std::string_view key, const std::function<void(std::string_view)>& visit, const Snapshot* snapshot,
                  CachePolicy policy) const {
  RowCache::Moment moment;
  if (snapshot == nullptr) {
    if (const RowCache::Found row = impl_->rows.find(key, moment)) {
      visit(row.value());
      return true;
    }
  }
  rocksdb::PinnableSlice value;
  // The row is not cached while a write fences it.
  const bool row_is_kept = !moment.fenced && !moment.too_large;
  const CachePolicy of_block = policy != CachePolicy::kRow ? policy
                               : row_is_kept               ? CachePolicy::kNothing
                                                           : CachePolicy::kBlock;
  if (!read(key, value, snapshot, of_block)) return false;
  visit(view(value));
  if (policy == CachePolicy::kRow) impl_->rows.put(key, view(value), moment);
  return true;
}

bool Store::get(std::string_view key, std::string& value, const Snapshot* snapshot, CachePolicy policy) const {
  if (snapshot == nullptr) {
    RowCache::Moment moment;
    if (const RowCache::Found row = impl_->rows.find(key, moment)) {
      value.assign(row.value());
      return true;
    }
  }
  // When RocksDB must copy (from a memtable), it copies into `value` directly.
  value.clear();
  rocksdb::PinnableSlice found(&value);
  if (!read(key, found, snapshot, policy)) {
    value.clear();
    return false;
  }
  if (found.IsPinned()) value.assign(view(found));
  return true;
}

void Store::get_each(std::span<Lookup> lookups, CachePolicy policy) const {
  std::vector<Lookup*> asked;
  std::vector<rocksdb::Slice> keys;
  std::vector<rocksdb::PinnableSlice> values;
  asked.reserve(lookups.size());
  keys.reserve(lookups.size());
  values.reserve(lookups.size());
  for (Lookup& lookup : lookups) {
    RowCache::Moment moment;
    if (const RowCache::Found row = impl_->rows.find(lookup.key, moment)) {
      lookup.value->assign(row.value());
      lookup.found = true;
      continue;
    }
    lookup.value->clear();
    asked.push_back(&lookup);
    keys.push_back(slice(lookup.key));
    values.emplace_back(lookup.value);
  }
  std::vector<rocksdb::Status> statuses(keys.size());
  impl_->db->MultiGet(impl_->read_options(policy), impl_->db->DefaultColumnFamily(), keys.size(), keys.data(),
                      values.data(), statuses.data());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!statuses[i].ok() && !statuses[i].IsNotFound()) continue;
    asked[i]->found = statuses[i].ok();
    if (!statuses[i].ok()) {
      asked[i]->value->clear();
    } else if (values[i].IsPinned()) {
      asked[i]->value->assign(view(values[i]));
    }
  }
}

void Store::require(Feature feature) {
  if (impl_->disk == nullptr) return;  // no later version will read this memory
  try {
    impl_->data_directory->require(feature);
  } catch (const std::system_error& error) {
    throw StoreError(std::string("cannot write the file STATOR: ") + error.what());
  }
}

void Store::release(Feature feature) {
  if (impl_->disk == nullptr) return;
  flush();
  try {
    impl_->data_directory->release(feature);
  } catch (const std::system_error& error) {
    throw StoreError(std::string("cannot write the file STATOR: ") + error.what());
  }
}

void Store::write(Batch& batch) { write(batch, 1); }

void Store::write(Batch& batch, std::size_t callers) { write(batch, impl_->write_options.sync, callers); }

void Store::write_unsynced(Batch& batch) { write(batch, false, 1); }

void Store::write(Batch& batch, bool sync, std::size_t callers) {
  if (impl_->budget) impl_->budget->check(*impl_->db, batch.impl_->batch.GetDataSize(), batch.impl_->removes);
  const RowCache::Fence fence(impl_->rows, batch.impl_->keys);
  rocksdb::WriteBatch& changes = batch.impl_->batch;
  impl_->write_or_throw(
      [&] { return sync ? impl_->group_commit.write(changes, callers) : impl_->write(changes, false); });
}

void Store::check_log() const { check(impl_->database->errors().write_error()); }

std::unique_ptr<Snapshot> Store::snapshot() const {
  return std::unique_ptr<Snapshot>(
      new Snapshot(std::make_unique<Snapshot::Impl>(Snapshot::Impl{impl_->db, impl_->db->GetSnapshot()})));
}

std::unique_ptr<Cursor> Store::cursor(std::string_view lower, std::string_view upper, const Snapshot* snapshot) const {
  auto impl = std::make_unique<Cursor::Impl>();
  impl->lower = lower;
  impl->upper = upper;
  impl->lower_slice = impl->lower;
  impl->upper_slice = impl->upper;
  rocksdb::ReadOptions read;
  if (!lower.empty()) read.iterate_lower_bound = &impl->lower_slice;
  if (!upper.empty()) read.iterate_upper_bound = &impl->upper_slice;
  if (snapshot != nullptr) read.snapshot = snapshot->impl_->snapshot;
  impl->iterator.reset(impl_->db->NewIterator(read));
  return std::unique_ptr<Cursor>(new Cursor(std::move(impl)));
}

std::uint64_t Store::approximate_size_bytes(std::string_view lower, std::string_view upper) const {
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  const rocksdb::Range range(slice(lower), slice(upper));
  std::uint64_t size_bytes = 0;
  check(impl_->db->GetApproximateSizes(options, impl_->db->DefaultColumnFamily(), &range, 1, &size_bytes));
  return size_bytes;
}

void Store::delete_range(std::string_view lower, std::string_view upper) {
  Batch batch;
  std::size_t count = 0;
  const auto keys = cursor(lower, upper);
  for (keys->seek_to_first(); keys->valid(); keys->next()) {
    if (++count > kFewKeys) {
      {
        const RowCache::Fence fence(impl_->rows, lower, upper);
        check_log();
        impl_->write_or_throw([&] {
          return impl_->written([&] {
            return impl_->db->DeleteRange(impl_->write_options, impl_->db->DefaultColumnFamily(), slice(lower),
                                          slice(upper));
          });
        });
      }
      // After the fence has ended: this waits for the disk, and under a fence no row that is read would be cached.
      impl_->drop_files(slice(lower), slice(upper));
      return;
    }
    batch.remove(keys->key());
  }
  if (batch.empty()) return;
  const RowCache::Fence fence(impl_->rows, batch.impl_->keys);
  impl_->write_or_throw([&] { return impl_->write(batch.impl_->batch, impl_->write_options.sync); });
}

void Store::checkpoint(const std::filesystem::path& directory, CheckpointKind kind) {
  if (impl_->read_only) throw StoreError("a store that is only read cannot be copied");
  const std::filesystem::path target = std::filesystem::absolute(directory);
  if (impl_->memory != nullptr) {
    impl_->memory_checkpoints->make(*impl_->db, target);
    return;
  }
  try {
    impl_->disk->checkpoint(target, kind);
  } catch (const std::system_error& error) {
    throw StoreError("cannot copy the store to " + directory.string() + ": " + error.code().message());
  } catch (const OpenError& error) {
    throw StoreError(std::string("cannot copy the store: ") + error.what());
  }
}

void Store::move_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::filesystem::path source = std::filesystem::absolute(from);
  const std::filesystem::path target = std::filesystem::absolute(to);
  if (impl_->next != nullptr) impl_->next->discard_prepared(target);
  try {
    if (std::filesystem::exists(target)) {
      if (exchange_checkpoints(source, target)) return delete_checkpoint(source);
      delete_checkpoint(target);
    }
    std::filesystem::rename(source, target);
    sync_directory(target.parent_path());
  } catch (const std::system_error& error) {
    throw StoreError("cannot replace " + to.string() + ": " + error.code().message());
  }
}

void Store::settle_checkpoint(const std::filesystem::path& directory) {
  if (impl_->next != nullptr) impl_->next->settle(std::filesystem::absolute(directory));
}

std::unique_ptr<Store> Store::open_checkpoint(const std::filesystem::path& directory) const {
  Options options;
  options.read_only = true;
  options.log = impl_->opened_with.log;
  options.resources.block_cache_bytes = impl_->opened_with.resources.block_cache_bytes / 4;
  options.resources.row_cache_bytes = 0;
  options.resources.file_system = impl_->opened_with.resources.file_system;
  const std::filesystem::path target = std::filesystem::absolute(directory);
  if (impl_->memory == nullptr) {
    options.directory = target;
    return open(options);
  }
  if (impl_->memory_checkpoints != nullptr) {
    try {
      impl_->memory_checkpoints->finish(target);
    } catch (const StoreError& error) {
      throw OpenError(error.what());
    }
  }
  auto impl = std::make_unique<Impl>(options);
  impl->memory = impl_->memory;
  impl->open_memory(options, (target / "store").string());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

std::vector<std::string> Store::checkpoints_in(const std::filesystem::path& directory) const {
  std::vector<std::string> names;
  if (impl_->memory != nullptr) {
    if (!impl_->memory->GetChildren(std::filesystem::absolute(directory).string(), &names).ok()) names.clear();
    return names;
  }
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw StoreError(directory.string() + " cannot be read: " + error.message());
  }
  return names;
}

void Store::clear_checkpoints(const std::filesystem::path& directory) {
  if (impl_->memory != nullptr) return;
  for (const std::string& name : checkpoints_in(directory)) {
    if (is_interrupted_leftover(name)) remove_checkpoint(directory / name);
  }
}

void Store::remove_checkpoint(const std::filesystem::path& directory) {
  const std::filesystem::path target = std::filesystem::absolute(directory);
  if (impl_->memory == nullptr) {
    if (impl_->next != nullptr) impl_->next->discard_prepared(target);
    try {
      delete_checkpoint(target);
    } catch (const std::system_error& error) {
      throw StoreError("cannot remove " + directory.string() + ": " + error.code().message());
    }
    return;
  }
  if (impl_->memory_checkpoints != nullptr) {
    impl_->memory_checkpoints->wait();
    impl_->memory_checkpoints->forget(target);
  }
  impl_->budget->release(target.string());
  const std::string files = (target / "store").string();
  std::vector<std::string> names;
  if (!impl_->memory->GetChildren(files, &names).ok()) return;
  for (const std::string& name : names) impl_->memory->DeleteFile(files + "/" + name).PermitUncheckedError();
  impl_->memory->DeleteDir(files).PermitUncheckedError();
  impl_->memory->DeleteDir(target.string()).PermitUncheckedError();
}

void Store::restore(const std::filesystem::path& checkpoint) {
  if (impl_->read_only) throw StoreError("a store that is only read cannot be restored");
  const std::filesystem::path source = checkpoint.empty() ? checkpoint : std::filesystem::absolute(checkpoint);
  const RowCache::Fence fence(impl_->rows);
  impl_->memory != nullptr ? impl_->restore_memory(source) : impl_->restore_disk(source);
}

void Store::Impl::restore_memory(const std::filesystem::path& checkpoint) {
  rocksdb::Env& files = *memory;
  const std::filesystem::path source = checkpoint.empty() ? checkpoint : checkpoint / "store";
  if (!checkpoint.empty()) memory_checkpoints->finish(checkpoint);
  if (!source.empty()) check(files.FileExists((source / "CURRENT").string()));
  memory_checkpoints->wait();
  use(nullptr);
  in_memory.reset();
  remove_store(files, kMemoryPath);
  if (!source.empty()) link_store(files, source, kMemoryPath);
  open_memory(opened_with, kMemoryPath);
}

void Store::Impl::restore_disk(const std::filesystem::path& checkpoint) {
  std::unique_ptr<DiskStore> restored = next->get_or_make(checkpoint);
  rocksdb::FileSystem& files = opened_with.resources.file_system != nullptr ? *opened_with.resources.file_system
                                                                            : *rocksdb::FileSystem::Default();
  std::exception_ptr failure;
  try {
    data_directory->switch_store(files, restored->number());
  } catch (const StoreError&) {
    failure = std::current_exception();
  }
  const bool switched = data_directory->store_number() == restored->number();
  if (switched) {
    std::swap(disk, restored);
    use(&disk->database());
  }
  next->replace_later(std::move(restored), checkpoint);
  if (failure) std::rethrow_exception(failure);
}

bool Store::is_open() const { return impl_->db != nullptr; }

std::vector<std::string> Store::damaged_files() const {
  std::vector<std::string> lines;
  std::vector<rocksdb::LiveFileMetaData> tables;
  impl_->db->GetLiveFilesMetaData(&tables);
  for (const rocksdb::LiveFileMetaData& table : tables) {
    const rocksdb::Status status =
        rocksdb::VerifySstFileChecksum(impl_->db->GetOptions(), rocksdb::EnvOptions(), table.db_path + table.name);
    if (!status.ok())
      lines.push_back(std::filesystem::path(table.db_path).filename().string() + table.name + ": " + one_line(status));
  }
  return lines;
}

bool Store::is_read_only() const { return impl_->read_only; }

void Store::flush() {
  if (impl_->memory != nullptr || impl_->read_only) return;
  rocksdb::FlushOptions options;
  options.wait = true;
  check(impl_->in_queue([&] { return impl_->db->Flush(options); }));
}

}  // namespace stator::store
