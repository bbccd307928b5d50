#pragma once

#include <rocksdb/file_system.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

#include "core/log_sink.h"
#include "store/features.h"
#include "store/marker.h"

/// A data directory of Stator, as described in docs/format.md: `STATOR` (the marker), `LOCK`, `store/` (RocksDB), or
/// `store.N/` after a restore.
namespace stator::store {

enum class Access : std::uint8_t {
  /// Nothing in the directory is changed or created; several processes may read at the same time.
  kReadOnly,
  kReadWrite,
  kCreate,
};

/// Creates the directory, accessible by its owner only (mode 0700), and missing parents. Throws OpenError.
void make_private_directory(const std::filesystem::path& path);

/// Locks the directory for this process from construction to destruction.
class DataDirectory {
 public:
  /// Throws NoStoreError; OpenError if the directory is not Stator's, needs features unknown to this version, is in use
  /// by another process, is a file, not writable or damaged. If others than the owner have access, takes it away and
  /// logs that.
  DataDirectory(std::filesystem::path path, Access access, const core::LogSink& log = {});
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// The number of the current store (store_number.h).
  [[nodiscard]] std::uint64_t store_number() const { return store_number_; }
  /// Makes another store, which must be complete and open, the current one, durably. Throws StoreError; if the store
  /// was switched nevertheless, `store_number` returns the new number.
  void switch_store(rocksdb::FileSystem& files, std::uint64_t number);
  /// Returns a number that no store in the directory has.
  [[nodiscard]] std::uint64_t new_store_number() { return ++last_number_; }
  /// True if no store was ever created in the directory, so that creating one cannot overwrite anything.
  [[nodiscard]] bool store_is_new() const { return store_is_new_; }
  [[nodiscard]] bool needs(Feature feature) const;
  /// Adds the feature to the marker, durably. Throws std::system_error.
  void require(Feature feature);
  /// Removes a feature that nothing in the directory needs.
  void release(Feature feature);
  /// Writes the marker of a checkpoint, with the same features, durably. Throws std::system_error.
  void write_marker(const std::filesystem::path& directory) const;

 private:
  void lock(Access access);
  void unlock();
  void look_for_marker(Access access) const;
  void read_or_write_marker(Access access);
  void check_features(Access access) const;
  void find_store();
  void check_store(Access access);
  void deny_others(const core::LogSink& log) const;

  std::filesystem::path path_;
  int lock_fd_ = -1;
  pid_t locked_by_ = 0;
  bool store_is_new_ = false;
  std::uint64_t store_number_ = 0;
  std::atomic<std::uint64_t> last_number_ = 0;
  mutable std::mutex marker_mutex_;
  Marker marker_;
};

}  // namespace stator::store
