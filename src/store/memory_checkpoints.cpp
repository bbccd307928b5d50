#include "store/memory_checkpoints.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "store/checkpoint.h"
#include "store/status_text.h"
#include "store/store.h"
#include "store/store_links.h"

namespace stator::store {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;
/// A memtable is flushed in less than a second.
constexpr std::chrono::minutes kMostPatience{10};
constexpr std::chrono::microseconds kPause{200};

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw StoreError("the store cannot be copied: " + one_line(status));
}

std::uint64_t unwritten_memtables(rocksdb::DB& database) {
  std::uint64_t count = 0;
  return database.GetIntProperty(rocksdb::DB::Properties::kNumImmutableMemTable, &count) ? count : 0;
}

}  // namespace

void MemoryCheckpoints::make(rocksdb::DB& database, const std::filesystem::path& directory) {
  const std::lock_guard<std::mutex> lock(making_);
  if (thread_.joinable()) thread_.join();
  if (options_.env->FileExists((directory / "store").string()).ok()) {
    throw StoreError("the store cannot be copied: there is " + directory.string());
  }
  forget(directory);
  const rocksdb::Snapshot* const snapshot = database.GetSnapshot();
  try {
    check(options_.env->CreateDirIfMissing(directory.string()));
    close_memtable(database);
    const rocksdb::SequenceNumber last = database.GetLatestSequenceNumber();
    thread_ = std::thread(
        [this, &database, name = directory.string(), snapshot, last] { complete(database, name, snapshot, last); });
  } catch (...) {
    database.ReleaseSnapshot(snapshot);
    throw;
  }
}

void MemoryCheckpoints::wait() {
  const std::lock_guard<std::mutex> lock(making_);
  if (thread_.joinable()) thread_.join();
}

void MemoryCheckpoints::finish(const std::filesystem::path& directory) {
  wait();
  const std::lock_guard<std::mutex> lock(failures_mutex_);
  const auto failure = failures_.find(directory.string());
  if (failure != failures_.end()) throw StoreError(failure->second);
}

void MemoryCheckpoints::forget(const std::filesystem::path& directory) {
  const std::lock_guard<std::mutex> lock(failures_mutex_);
  failures_.erase(directory.string());
}

void MemoryCheckpoints::complete(rocksdb::DB& database, const std::string& directory, const rocksdb::Snapshot* snapshot,
                                 rocksdb::SequenceNumber last) noexcept {
  try {
    const auto deadline = std::chrono::steady_clock::now() + kMostPatience;
    while (unwritten_memtables(database) > 0) {
      if (std::chrono::steady_clock::now() > deadline)
        throw StoreError("the store cannot be copied: it does not write");
      std::this_thread::sleep_for(kPause);
    }
    if (!cut(database, directory, last)) copy(database, directory, snapshot);
    budget_.hold(directory, database);
  } catch (const std::exception& error) {
    const std::lock_guard<std::mutex> lock(failures_mutex_);
    failures_[directory] = error.what();
  }
  database.ReleaseSnapshot(snapshot);
}

bool MemoryCheckpoints::cut(rocksdb::DB& database, const std::string& directory, rocksdb::SequenceNumber last) const {
  const std::filesystem::path files = std::filesystem::path(directory) / "store";
  copy_store_files(database, files, CheckpointContents::kTablesAlone);
  // Memtables are flushed in order, so files without sequence numbers above `last` hold exactly the state at some
  // moment of the call. The snapshot keeps compactions from zeroing greater sequence numbers.
  std::vector<rocksdb::LiveFileMetaData> tables;
  database.GetLiveFilesMetaData(&tables);
  const bool exact = std::ranges::all_of(
      tables, [last](const rocksdb::LiveFileMetaData& table) { return table.largest_seqno <= last; });
  if (!exact) remove_store(*options_.env, files);
  return exact;
}

/// Copies the rows of the snapshot; needed if a later memtable was flushed too.
void MemoryCheckpoints::copy(rocksdb::DB& database, const std::string& directory,
                             const rocksdb::Snapshot* snapshot) const {
  rocksdb::Options options = options_;
  options.create_if_missing = true;
  options.error_if_exists = true;
  rocksdb::DB* opened = nullptr;
  check(rocksdb::DB::Open(options, directory + "/store", &opened));
  const std::unique_ptr<rocksdb::DB> target(opened);
  rocksdb::ReadOptions read;
  read.snapshot = snapshot;
  read.fill_cache = false;
  rocksdb::WriteOptions write;
  write.disableWAL = true;
  rocksdb::WriteBatch batch;
  const std::unique_ptr<rocksdb::Iterator> rows(database.NewIterator(read));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    check(batch.Put(rows->key(), rows->value()));
    if (batch.GetDataSize() < kCopyBytes) continue;
    check(target->Write(write, &batch));
    batch.Clear();
  }
  check(rows->status());
  check(target->Write(write, &batch));
  check(target->Flush(rocksdb::FlushOptions()));
  check(target->Close());
}

}  // namespace stator::store
