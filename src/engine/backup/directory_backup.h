#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/bucket/bucket.h"

/// Backups of whole data directories in a bucket, which may be a folder (docs/format.md, "Backups of directories").
/// Several lie in one place, and a file that some of them share is there once.
namespace stator::engine {

/// `what()` is one line for the user.
struct DirectoryBackupError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct DirectoryBackup {
  std::string id;  // in the order of time
  std::int64_t made_ms = 0;
  std::string directory;  // that was backed up: its absolute path
  std::uint64_t files = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t written_files = 0;  // of which the place had no copy; only of a backup that was just made
  std::uint64_t written_bytes = 0;
};

/// Called now and then: bytes that are done, of all.
using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// The backups in one place. One process at a time may change them.
class DirectoryBackups {
 public:
  /// Those below `prefix`, which is empty or ends with a slash. Throws DirectoryBackupError where it holds something
  /// else, or is of a later version; BucketError.
  DirectoryBackups(Bucket& bucket, std::string prefix);

  /// By age. Throws DirectoryBackupError for a damaged one, BucketError.
  [[nodiscard]] std::vector<DirectoryBackup> list() const;
  /// Backs up `directory` as it is in `checkpoint`, a snapshot below it, with the directory's other snapshots and the
  /// backups of its tables. What an interrupted call left is removed. Throws DirectoryBackupError, BucketError.
  DirectoryBackup make(const std::filesystem::path& directory, const std::filesystem::path& checkpoint,
                       std::int64_t now_ms, const BackupProgress& progress);
  /// Removes all but the last `keep` backups, at least 1, of `directory` (DirectoryBackup::directory), and the files
  /// that no other one has. Returns how many.
  std::size_t keep_last(const std::string& directory, std::size_t keep);
  /// Makes the data directory `target`, which must be missing or empty, from the backup. Where `id` is empty, that is
  /// the last one of `target`, else the last one there is if all are of one directory. Each file is held against its
  /// hash. Until it is whole it lies in `target`.restoring. Throws DirectoryBackupError, BucketError.
  DirectoryBackup restore(std::string_view id, const std::filesystem::path& target,
                          const BackupProgress& progress) const;

 private:
  struct File;
  struct Manifest;
  class Copier;
  [[nodiscard]] static const Manifest& choose(const std::vector<Manifest>& all, std::string_view id,
                                              const std::string& target);
  [[nodiscard]] std::vector<Manifest> manifests() const;
  [[nodiscard]] std::string read(const std::string& key) const;
  [[nodiscard]] std::string manifest_key(std::string_view id) const;
  [[nodiscard]] std::string file_key(const File& file) const;
  [[nodiscard]] std::string new_id(std::int64_t now_ms) const;
  void restore_file(const File& file, const std::filesystem::path& place) const;
  void write_marker();
  void remove_unneeded_files();

  Bucket& bucket_;
  const std::string prefix_;
};

}  // namespace stator::engine
