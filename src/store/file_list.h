#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The file `FILES`: which of RocksDB's files must be there, so that none can be cut, emptied or lost without being
/// noticed. Written line by line while a store is open, and sealed by a clean stop. Format: docs/format.md, "Damage".
namespace stator::store {

/// A list grows by two lines for each log of a memtable's size.
inline constexpr std::size_t kMaxListBytes = 64 << 20;

/// A file as a clean stop left it.
struct SealedFile {
  std::string name;
  std::uint64_t size_bytes = 0;
  /// XXH3 of the whole file; of a table only of its last bytes (the rest is under RocksDB's block checksums).
  std::uint64_t hash = 0;
  bool operator==(const SealedFile&) const = default;
};

/// What the list says.
struct FileListContent {
  /// The store was stopped cleanly, and `files` are all it consists of.
  bool sealed = false;
  std::vector<SealedFile> files;
  /// Logs by name; with the size of those that grow no more.
  std::map<std::string, std::optional<std::uint64_t>> logs;
  /// Logs that are no longer needed and may be gone.
  std::map<std::string, bool> unneeded_logs;
  /// What CURRENT named last, and how long that MANIFEST was at least.
  std::string manifest;
  std::uint64_t manifest_bytes = 0;
  /// The checksum of the last line, with which the next one is hashed.
  std::uint64_t chain = 0;
};

/// Throws std::runtime_error with the reason, for "FILES is damaged: …". A last line without its end is ignored: it is
/// what a power loss leaves, and the list only promises more with each line.
FileListContent parse_file_list(std::string_view text);

/// Size and hash of each of RocksDB's files in the directory, in the order of names. Throws std::system_error.
std::vector<SealedFile> list_files(const std::filesystem::path& store_path);

/// Makes the names in the directory durable.
rocksdb::IOStatus sync_directory(rocksdb::FileSystem& files, const std::filesystem::path& path);

/// True for names that RocksDB gives to files whose content matters, and would delete where it does not know them.
bool is_store_file(std::string_view name);

/// Writes the list. Safe for use from several threads.
class FileList {
 public:
  /// `path` is the file itself.
  FileList(std::shared_ptr<rocksdb::FileSystem> files, std::filesystem::path path);

  // Each returns RocksDB's status, for the caller (a file system, store_file_system.h) to hand on.

  /// Says, durably, that the seal no longer holds. `list` is what was read from the file.
  rocksdb::IOStatus unseal(const FileListContent& list);
  /// Writes a new list of an open store, durably, with what `known` says of logs and manifest.
  rocksdb::IOStatus begin(const FileListContent& known, const std::filesystem::path& store_path);
  /// A log was created, empty as yet; the one before grows no more.
  rocksdb::IOStatus log_created(const std::string& name, const std::filesystem::path& store_path);
  /// The newest log is about to get its first record. Durable.
  rocksdb::IOStatus log_begins();
  /// An append to the newest log failed: its size is not what it seems, as RocksDB cuts off what was written of it.
  void log_is_torn();
  /// A log is about to be deleted, as the manifest says that it is no longer needed. Durable.
  rocksdb::IOStatus log_unneeded(const std::string& name, const std::filesystem::path& store_path);
  /// CURRENT was renamed into its place and names this manifest.
  rocksdb::IOStatus manifest_switched(const std::string& name);
  /// The store is closed and consists of these files. Durable.
  rocksdb::IOStatus seal(const std::vector<SealedFile>& files);

 private:
  class Lines;
  rocksdb::IOStatus replace(const Lines& lines);
  rocksdb::IOStatus append(std::string_view line, bool sync);

  const std::shared_ptr<rocksdb::FileSystem> files_;
  const std::filesystem::path path_;
  std::mutex mutex_;
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  std::uint64_t chain_ = 0;
  std::string newest_log_;
  /// What is to be said of the log before the newest one. Said behind the newest one's name is on the disk, as the end
  /// of that log need not be there yet.
  std::string full_log_line_;
  bool newest_log_is_torn_ = false;
  std::string manifest_;
};

}  // namespace stator::store
