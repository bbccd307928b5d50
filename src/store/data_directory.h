#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "core/log_sink.h"
#include "store/features.h"
#include "store/marker.h"

/// A directory of ours, as docs/format.md lays it out: `STATOR` (the marker), `LOCK`, `store/` (RocksDB).
namespace stator::store {

enum class Access : std::uint8_t {
  /// Nothing in the directory is changed or created; several processes may read at the same time.
  kReadOnly,
  kReadWrite,
  kCreate,
};

/// Creates the directory, for its owner only (mode 0700), and missing ones above it. Throws OpenError.
void make_private_directory(const std::filesystem::path& path);

/// Locks the directory for this process from construction to destruction.
class DataDirectory {
 public:
  /// Throws NoStoreError; OpenError: not ours, needs features that this version does not know, held by another process,
  /// a file, not writable, damaged. Where others than the owner have access, it is taken away, with a line in `log`.
  DataDirectory(std::filesystem::path path, Access access, const core::LogSink& log = {});
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Where RocksDB keeps its files.
  [[nodiscard]] std::filesystem::path store_path() const { return path_ / "store"; }
  /// The list of RocksDB's files (file_list.h).
  [[nodiscard]] std::filesystem::path list_path() const { return path_ / "FILES"; }
  /// True where no store was ever created in it, so that creating one cannot overwrite anything.
  [[nodiscard]] bool store_is_new() const { return store_is_new_; }
  /// Checks the store again after it was replaced. Throws as the constructor does.
  void recheck_store() { check_store(Access::kReadWrite); }
  [[nodiscard]] bool needs(Feature feature) const;
  /// Names the feature in the marker, durably. Throws std::system_error.
  void require(Feature feature);
  /// Writes the same marker into another directory, durably. Throws std::system_error.
  void write_marker(const std::filesystem::path& directory) const;

 private:
  void lock(Access access);
  void look_for_marker(Access access) const;
  void read_or_write_marker(Access access);
  void check_features(Access access) const;
  void check_store(Access access);
  void close_to_others(const core::LogSink& log) const;

  std::filesystem::path path_;
  int lock_fd_ = -1;
  bool store_is_new_ = false;
  mutable std::mutex marker_mutex_;
  Marker marker_;
};

}  // namespace stator::store
