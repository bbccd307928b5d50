#include "store/store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

#include "core/damage_error.h"
#include "store/data_directory.h"
#include "store/rocks_options.h"
#include "store/wal_check.h"

namespace stator::store {
namespace {

/// Up to so many keys are deleted one by one: a range tombstone costs every later read a little.
constexpr std::size_t kFewKeys = 1000;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

/// RocksDB's words on one line.
std::string one_line(const rocksdb::Status& status) {
  std::string text = status.ToString();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void check(const rocksdb::Status& status) {
  if (status.IsCorruption()) throw core::DamageError(one_line(status));
  if (!status.ok()) throw StoreError(one_line(status));
}

}  // namespace

struct Snapshot::Impl {
  rocksdb::DB* db;
  const rocksdb::Snapshot* snapshot;
};
Snapshot::Snapshot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Snapshot::~Snapshot() { impl_->db->ReleaseSnapshot(impl_->snapshot); }

struct Batch::Impl {
  rocksdb::WriteBatch batch;
};
Batch::Batch() : impl_(std::make_unique<Impl>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
void Batch::put(std::string_view key, std::string_view value) { check(impl_->batch.Put(slice(key), slice(value))); }
void Batch::put(std::string_view key, std::string_view value_head, std::string_view value_tail) {
  const rocksdb::Slice key_part = slice(key);
  const std::array<rocksdb::Slice, 2> value_parts = {slice(value_head), slice(value_tail)};
  check(impl_->batch.Put(rocksdb::SliceParts(&key_part, 1), rocksdb::SliceParts(value_parts.data(), 2)));
}
void Batch::remove(std::string_view key) { check(impl_->batch.Delete(slice(key))); }
void Batch::clear() { impl_->batch.Clear(); }
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
  // Declared in the order of construction; the database goes before the environment and the directory's lock.
  std::optional<DataDirectory> directory;
  std::unique_ptr<rocksdb::Env> memory;
  rocksdb::WriteOptions write_options;
  std::unique_ptr<rocksdb::DB> db;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() {
  try {
    flush();
  } catch (const std::exception&) {
    // The log still holds everything; the next start replays it.
  }
  // Nothing is in flight any more, and closing must not wait for a compaction to finish.
  impl_->db->Close().PermitUncheckedError();
}

std::unique_ptr<Store> Store::open(const Options& options) {
  auto impl = std::make_unique<Impl>();
  const bool in_memory = options.directory.empty();
  rocksdb::Options rocks = rocks_options(in_memory);
  std::string path = "/stator";
  if (in_memory) {
    impl->memory.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
    rocks.env = impl->memory.get();
    rocks.create_if_missing = true;
    // There is nothing a log could outlive.
    impl->write_options.disableWAL = true;
  } else {
    impl->directory.emplace(options.directory, options.create_if_missing ? Access::kCreate : Access::kReadWrite,
                            options.log);
    path = impl->directory->store_path().string();
    rocks.create_if_missing = impl->directory->store_is_new();
    impl->write_options.sync = options.sync;
    if (log_end_is_damaged(path)) {
      throw OpenError("data directory " + options.directory.string() +
                      " is damaged: a record in the write-ahead log fails its checksum");
    }
  }
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(rocks, path, &db);
  if (status.IsCorruption() && !in_memory && log_damage_is_at_the_end(path)) {
    // The machine died while the last record was being written: what stands there was never acknowledged.
    rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    status = rocksdb::DB::Open(rocks, path, &db);
  }
  if (!status.ok()) {
    const std::string where = in_memory ? "the in-memory store" : "data directory " + options.directory.string();
    if (status.IsCorruption()) throw OpenError(where + " is damaged: " + one_line(status));
    throw OpenError("cannot open " + where + ": " + one_line(status));
  }
  impl->db.reset(db);
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

bool Store::visit(std::string_view key, const std::function<void(std::string_view)>& visit,
                  const Snapshot* snapshot) const {
  rocksdb::ReadOptions read;
  if (snapshot != nullptr) read.snapshot = snapshot->impl_->snapshot;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = impl_->db->Get(read, impl_->db->DefaultColumnFamily(), slice(key), &value);
  if (status.IsNotFound()) return false;
  check(status);
  visit(view(value));
  return true;
}

bool Store::get(std::string_view key, std::string& value, const Snapshot* snapshot) const {
  const bool found = visit(
      key, [&value](std::string_view stored) { value.assign(stored); }, snapshot);
  if (!found) value.clear();
  return found;
}

void Store::require(Feature feature) {
  if (!impl_->directory) return;  // memory dies with this version
  try {
    impl_->directory->require(feature);
  } catch (const std::system_error& error) {
    throw StoreError(std::string("cannot write the file STATOR: ") + error.what());
  }
}

void Store::write(Batch& batch) { check(impl_->db->Write(impl_->write_options, &batch.impl_->batch)); }

std::unique_ptr<Snapshot> Store::snapshot() const {
  return std::unique_ptr<Snapshot>(
      new Snapshot(std::make_unique<Snapshot::Impl>(Snapshot::Impl{impl_->db.get(), impl_->db->GetSnapshot()})));
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

void Store::delete_range(std::string_view lower, std::string_view upper) {
  rocksdb::WriteBatch batch;
  std::size_t count = 0;
  const auto keys = cursor(lower, upper);
  for (keys->seek_to_first(); keys->valid(); keys->next()) {
    if (++count > kFewKeys) {
      check(impl_->db->DeleteRange(impl_->write_options, impl_->db->DefaultColumnFamily(), slice(lower), slice(upper)));
      return;
    }
    check(batch.Delete(slice(keys->key())));
  }
  if (count > 0) check(impl_->db->Write(impl_->write_options, &batch));
}

void Store::flush() {
  if (impl_->memory != nullptr) return;
  rocksdb::FlushOptions options;
  options.wait = true;
  check(impl_->db->Flush(options));
}

}  // namespace stator::store
