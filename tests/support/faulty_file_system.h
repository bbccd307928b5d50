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

/// RocksDB's file system on top of the real one, with injected faults: operations that fail by rule, a full disk, and
/// power losses, after which only synced data is sure to be there. Safe for use by several threads.
class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  enum class Operation : std::uint8_t { kCreate, kAppend, kTruncate, kSync, kRename, kDelete, kSyncDirectory, kLook };
  /// Called before each operation, by several threads at once; an operation for which it returns a status other than OK
  /// is not done and returns that status. kLook (whether the file exists, and its size) changes nothing, so it still
  /// works after the power has failed.
  using Rule = std::function<rocksdb::IOStatus(Operation operation, const std::string& path)>;

  FaultyFileSystem();

  /// With an empty rule, no operation fails by rule.
  void set_rule(Rule rule);
  /// Makes the disk full after this many more bytes.
  void set_room(std::uint64_t bytes);
  /// The power fails at the given operation from now (counted from 1): it and all later ones fail.
  void power_off_after(std::uint64_t operations);
  [[nodiscard]] bool is_off() const;
  /// The number of operations so far.
  [[nodiscard]] std::uint64_t operations() const;
  /// Changes the files to a state that a disk may have after the power loss: creations, renames and deletions of names
  /// since their directory was synced are undone from some point on; files end somewhere between their synced and their
  /// written length, or have zeros in some sectors of 512 bytes in between. `seed` decides. No file may be open.
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
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options, std::uint64_t* size_bytes,
                                rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Directory;
  /// How many bytes of a file are certainly on the disk.
  struct Written {
    std::uint64_t synced_bytes = 0;
    std::uint64_t bytes = 0;
  };
  /// A change of names or a truncation, which is certainly on the disk only after this directory or file was synced,
  /// and the action that undoes it.
  struct Change {
    std::string settled_by;
    std::function<void()> undo;
  };
  rocksdb::IOStatus begin(Operation operation, const std::string& path);
  rocksdb::IOStatus look(const std::string& path) const;
  /// Reserves room for up to `bytes`; returns how many fit.
  std::size_t take_room(std::size_t bytes);
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
