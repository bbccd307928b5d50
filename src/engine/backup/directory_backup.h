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
/// Several backups share one place; a file that several of them contain is stored once.
namespace stator::engine {

/// `what()` is one line for the user.
struct DirectoryBackupError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct DirectoryBackup {
  std::string id;  // sorts by time
  std::int64_t made_ms = 0;
  std::string directory;  // absolute path of the directory that was backed up
  std::uint64_t files = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t written_files = 0;  // files copied because the place did not have them; set by `make` only
  std::uint64_t written_bytes = 0;
};

/// Called now and then with the bytes done and the total.
using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// The backups in one place. One process at a time may change them.
class DirectoryBackups {
 public:
  /// The backups below `prefix`, which is empty or ends with a slash. Throws DirectoryBackupError if anything else is
  /// stored there, or if the backups are of a later version; BucketError.
  DirectoryBackups(Bucket& bucket, std::string prefix);

  /// Oldest first. Throws DirectoryBackupError if one is damaged, BucketError.
  [[nodiscard]] std::vector<DirectoryBackup> list() const;
  /// Backs up the state of `directory` in `checkpoint`, a snapshot below it, together with the directory's other
  /// snapshots and the backups of its tables. Removes what interrupted calls left. Throws DirectoryBackupError,
  /// BucketError.
  DirectoryBackup make(const std::filesystem::path& directory, const std::filesystem::path& checkpoint,
                       std::int64_t now_ms, const BackupProgress& progress);
  /// Removes all but the last `keep` backups (at least 1) of `directory` (DirectoryBackup::directory), and the files
  /// that no other backup needs. Returns how many backups were removed.
  std::size_t keep_last(const std::string& directory, std::size_t keep);
  /// Restores a backup into the data directory `target`, which must be missing or empty. If `id` is empty, takes the
  /// last backup, if all are of one directory, or else the last one of `target`. Verifies the hash of each file. The
  /// directory is built in `target`.restoring and moved when complete. Throws DirectoryBackupError, BucketError.
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
