#pragma once

#include <rocksdb/file_system.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "store/file_list.h"
#include "store/optionless_file_system.h"

namespace stator::store {

/// RocksDB's file system for one store: keeps the list of files up to date and makes new files private to their owner.
/// Only creating, renaming and deleting files goes through it; reads and writes are the base's own. Files outside the
/// store's directory (checkpoints) are not listed.
class ListedFileSystem final : public OptionlessFileSystem {
 public:
  ListedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base, FileList& list, std::filesystem::path store_path);

  /// Makes sequential readers see each of these files end at the given offset. Call this before the store is opened.
  void set_ends(std::map<std::filesystem::path, std::uint64_t> ends) { ends_ = std::move(ends); }

  /// No table file is begun until `resume_new_tables`, or for `at_most`. For callers that hold up others while they
  /// wait for the disk: the file system may write out the bytes of new tables with any file that is synced (ext4).
  void pause_new_tables(std::chrono::milliseconds at_most);
  void resume_new_tables();

  const char* Name() const override { return "ListedFileSystem"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  /// RocksDB 7.8 looks for an archive of logs, which Stator never has, and fails an assertion if that look-up fails.
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options, rocksdb::FileLock** lock,
                             rocksdb::IODebugContext* debug) override;

 private:
  [[nodiscard]] bool is_own_log(const std::filesystem::path& path) const;
  void wait_to_begin_a_table();

  FileList& list_;
  const std::filesystem::path store_path_;
  std::map<std::filesystem::path, std::uint64_t> ends_;
  std::mutex tables_mutex_;
  std::condition_variable new_tables_resumed_;
  std::chrono::steady_clock::time_point new_tables_paused_until_;
};

/// No table file is begun during its lifetime.
class NewTablesPaused {
 public:
  NewTablesPaused(ListedFileSystem& files, std::chrono::milliseconds at_most) : files_(files) {
    files_.pause_new_tables(at_most);
  }
  ~NewTablesPaused() { files_.resume_new_tables(); }
  NewTablesPaused(const NewTablesPaused&) = delete;
  NewTablesPaused& operator=(const NewTablesPaused&) = delete;

 private:
  ListedFileSystem& files_;
};

}  // namespace stator::store
