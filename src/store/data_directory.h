#pragma once

#include <filesystem>
#include <string>

/// A directory of ours, as docs/format.md lays it out: `STATOR` (the marker), `LOCK`, `store/` (RocksDB).
namespace stator::store {

/// Holds the directory for this process from construction to destruction.
class DataDirectory {
 public:
  /// Creates it where it is missing and `create_if_missing`. Throws OpenError: not ours, a later format, held by
  /// another process, a file, not writable.
  DataDirectory(std::filesystem::path path, bool create_if_missing);
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Where RocksDB keeps its files.
  [[nodiscard]] std::filesystem::path store_path() const { return path_ / "store"; }
  /// True where no store was ever created in it, so that creating one loses nothing.
  [[nodiscard]] bool store_is_new() const { return store_is_new_; }

 private:
  void lock();
  void check_or_write_marker(bool create_if_missing);
  void check_store();

  std::filesystem::path path_;
  int lock_fd_ = -1;
  bool store_is_new_ = false;
};

}  // namespace stator::store
