#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace stator::testing {

/// RocksDB's file system on the real one, with faults on purpose: operations that fail by rule, a disk that is full,
/// and power losses, after which only what was synced is sure to be there. Safe for use from several threads.
class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  enum class Operation : std::uint8_t { kCreate, kAppend, kTruncate, kSync, kRename, kDelete, kSyncDirectory };
  /// Asked before each operation; what is not OK is returned in its place, and nothing is done.
  using Rule = std::function<rocksdb::IOStatus(Operation operation, const std::string& path)>;

  FaultyFileSystem();

  /// An empty rule: nothing fails.
  void set_rule(Rule rule);
  /// So many bytes may still be appended; then the disk is full.
  void set_room(std::uint64_t bytes);
  /// The power goes off at the so-many-th operation from now (counted from 1): it and all later ones fail.
  void power_off_after(std::uint64_t operations);
  [[nodiscard]] bool is_off() const;
  /// How many operations there were.
  [[nodiscard]] std::uint64_t operations() const;
  /// Makes of the files what a disk may hold after the power loss: names that were created, renamed or deleted since
  /// their directory was synced are as before, from some point on; files end somewhere between what was synced and what
  /// was written, or have zeros in some sectors of 512 bytes in between. `seed` decides. Nothing may have a file open.
  void lose_unsynced(std::uint32_t seed);

  const char* Name() const override { return "FaultyFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Directory;
  /// How much of a file is on the disk for sure.
  struct Written {
    std::uint64_t synced_bytes = 0;
    std::uint64_t bytes = 0;
  };
  /// A change of names, or a cut, that is not on the disk for sure until this directory or file is synced, and how to
  /// undo it.
  struct Change {
    std::string settled_by;
    std::function<void()> undo;
  };
  rocksdb::IOStatus begin(Operation operation, const std::string& path);
  rocksdb::IOStatus take_room(std::uint64_t bytes);
  void on_appended(const std::string& path, std::uint64_t bytes);
  void on_synced(const std::string& path);
  void on_truncated(const std::string& path, std::uint64_t bytes, std::function<void()> undo);
  void on_directory_synced(const std::string& path);

  mutable std::mutex mutex_;
  Rule rule_;
  std::uint64_t room_bytes_ = UINT64_MAX;
  std::uint64_t operations_ = 0;
  std::uint64_t off_at_ = UINT64_MAX;
  std::map<std::string, Written> files_;
  std::vector<Change> changes_;
};

}  // namespace stator::testing
