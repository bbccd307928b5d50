#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace stator::engine {

/// A saved state of the whole database.
struct SnapshotInfo {
  std::string name;
  /// In milliseconds since 1970, by the system's clock.
  std::int64_t saved_ms = 0;
};

/// The names of the snapshot folders in a data directory, sorted; damaged snapshots are included.
std::vector<std::string> snapshot_folders(const std::filesystem::path& data_directory);

/// The snapshots of one database, by name: checkpoints of its store (docs/format.md, "Snapshots"). On disk they are in
/// the data directory and outlive the process; in memory they live as long as this object.
class Snapshots {
 public:
  /// `data_directory` is empty in memory.
  explicit Snapshots(const std::filesystem::path& data_directory);

  /// Removes what an interruption left. To be called before anything else. Throws store::StoreError.
  void clear_leftovers(store::Store& store);

  /// Saves the store's current state and replaces an earlier snapshot of that name. A snapshot made kAtOnce is settled
  /// later, in the background. Throws ApiError ValidationException for an invalid name (valid: 1 to 64 letters, digits,
  /// hyphens, underscores and points, of which the first is not a point), store::StoreError.
  void save(store::Store& store, std::string_view name, store::CheckpointKind kind);
  [[nodiscard]] bool has(std::string_view name) const;
  /// The folder of a snapshot. Throws ApiError ResourceNotFoundException.
  [[nodiscard]] std::filesystem::path find(std::string_view name) const;
  /// Throws ApiError ResourceNotFoundException, store::StoreError.
  void drop(store::Store& store, std::string_view name);
  /// Sorted by name.
  [[nodiscard]] std::vector<SnapshotInfo> list() const;

 private:
  [[nodiscard]] bool has_locked(std::string_view name) const;
  [[nodiscard]] std::vector<SnapshotInfo> list_directory() const;

  const bool in_memory_;
  const std::filesystem::path directory_;
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t, std::less<>> saved_in_memory_;
};

}  // namespace stator::engine
