#include "store/checkpoint.h"

#include <fcntl.h>
#include <rocksdb/utilities/checkpoint.h>
#include <stdio.h>

#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stop_token>
#include <thread>

#include "store/file_check.h"
#include "store/file_list.h"
#include "store/marker.h"
#include "store/small_file.h"
#include "store/status_text.h"
#include "store/store.h"
#include "store/truncate_files.h"

namespace stator::store {
namespace {

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw StoreError("the store cannot be copied: " + one_line(status));
}

/// RocksDB's checkpoint waits until no file is being deleted. If an iterator's end looks for files to delete meanwhile
/// and finds none, RocksDB (7.8) wakes nobody, and the checkpoint would wait until the next flush: forever in an idle
/// database. This object wakes it periodically during its lifetime.
class CheckpointWaker {
 public:
  explicit CheckpointWaker(rocksdb::DB& database)
      : thread_([this, &database](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          while (!ended_.wait_for(lock, stop, std::chrono::milliseconds(50), [] { return false; }) &&
                 !stop.stop_requested()) {
            // Nothing else in RocksDB's interface wakes waiters without doing work. It ends a running manual compaction
            // early (these run only when memory is short, store/memory_budget.cpp).
            database.DisableManualCompaction();
            database.EnableManualCompaction();
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;
};

/// Prefix of the folder of a checkpoint that is being deleted; the checkpoint's name follows.
constexpr std::string_view kDoomed = ".deleted-";

/// How long to retry a flush that is refused because others wait; flushing a memtable takes less than a second.
constexpr std::chrono::minutes kMostPatience{10};
constexpr std::chrono::microseconds kPause{200};

}  // namespace

void close_memtable(rocksdb::DB& database) {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  const auto deadline = std::chrono::steady_clock::now() + kMostPatience;
  rocksdb::Status status = database.Flush(options);
  // TryAgain: too many memtables are waiting to be flushed, and writers are stopped.
  while (status.IsTryAgain() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPause);
    status = database.Flush(options);
  }
  check(status);
}

void copy_store_files(rocksdb::DB& database, const std::filesystem::path& store_path, CheckpointContents contents) {
  rocksdb::Checkpoint* made = nullptr;
  check(rocksdb::Checkpoint::Create(&database, &made));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  // RocksDB flushes the memtable if the log is at least this large.
  const std::uint64_t flush_from =
      contents == CheckpointContents::kEverything ? 0 : std::numeric_limits<std::uint64_t>::max();
  const CheckpointWaker waker(database);
  check(checkpoint->CreateCheckpoint(store_path.string(), flush_from));
}

void list_copied_files(const std::shared_ptr<rocksdb::FileSystem>& files, const std::filesystem::path& store_path,
                       const std::filesystem::path& list_path) {
  CheckedFiles found;
  try {
    found = check_files(store_path, std::nullopt, LogsToCheck::kNewest);
  } catch (const std::runtime_error& error) {
    throw StoreError(std::string("the copy of the store is damaged: ") + error.what());
  }
  check(truncate_files(*files, found.torn_files));
  std::string manifest = read_small_file(store_path / "CURRENT").value_or("");
  while (!manifest.empty() && manifest.back() == '\n') manifest.pop_back();
  found.known.manifest_bytes = std::filesystem::file_size(store_path / manifest);
  found.known.manifest = std::move(manifest);
  FileList list(files, list_path);
  check(list.begin(found.known, store_path));
}

bool exchange_checkpoints(const std::filesystem::path& left, const std::filesystem::path& right) {
  if (::renameat2(AT_FDCWD, left.c_str(), AT_FDCWD, right.c_str(), RENAME_EXCHANGE) != 0) return false;
  sync_directory(right.parent_path());
  return true;
}

void delete_checkpoint(const std::filesystem::path& checkpoint) {
  // If a link or a file has its name, only that is removed, not what the link leads to.
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(checkpoint))) {
    std::filesystem::remove(checkpoint);
    return;
  }
  std::filesystem::path doomed = checkpoint;
  if (const std::string name = checkpoint.filename().string(); !name.starts_with('.')) {
    doomed.replace_filename(std::string(kDoomed) + name);
    delete_checkpoint(doomed);
    std::filesystem::rename(checkpoint, doomed);
    sync_directory(doomed.parent_path());
  }
  std::filesystem::remove(doomed / kMarkerFile);
  std::filesystem::remove_all(doomed);
}

bool is_interrupted_leftover(std::string_view name) { return name == kSettledCheckpoint || name.starts_with(kDoomed); }

}  // namespace stator::store
