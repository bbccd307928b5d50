#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>

#include "store/file_list.h"

namespace stator::store {

/// RocksDB's file system for one store: keeps the list of files up to date and makes new files private to their owner.
/// Only creating, renaming and deleting files goes through it; reads and writes are the base's own. Files outside the
/// store's directory (checkpoints) are not listed.
class ListedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  ListedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base, FileList& list, std::filesystem::path store_path);

  /// Sequential readers see each of these files end at the given offset. To be called before the store is opened.
  void set_ends(std::map<std::filesystem::path, std::uint64_t> ends) { ends_ = std::move(ends); }

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
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options, rocksdb::FileLock** lock,
                             rocksdb::IODebugContext* debug) override;

 private:
  [[nodiscard]] bool is_own_log(const std::filesystem::path& path) const;

  FileList& list_;
  const std::filesystem::path store_path_;
  std::map<std::filesystem::path, std::uint64_t> ends_;
};

}  // namespace stator::store
