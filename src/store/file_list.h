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

/// The file `FILES`: lists which of RocksDB's files must exist, so that a truncated, emptied or lost file is noticed.
/// Written line by line while a store is open, and sealed by a clean stop. Format: docs/format.md, "Damage".
namespace stator::store {

/// A list grows by two lines for each log, that is, for each memtable written out.
inline constexpr std::size_t kMaxListBytes = 64 << 20;

/// A file at a clean stop.
struct SealedFile {
  std::string name;
  std::uint64_t size_bytes = 0;
  /// XXH3 of the whole file; for a table, of its last bytes only (RocksDB's block checksums cover the rest).
  std::uint64_t hash = 0;
  bool operator==(const SealedFile&) const = default;
};

/// The content of the list.
struct FileListContent {
  /// The store was stopped cleanly, and consists of exactly `files`.
  bool sealed = false;
  std::vector<SealedFile> files;
  /// Logs by name, with their size in bytes if they are complete.
  std::map<std::string, std::optional<std::uint64_t>> logs;
  /// Logs that are not needed and may be missing.
  std::map<std::string, bool> unneeded_logs;
  /// The manifest that CURRENT named last, and a lower bound of its length.
  std::string manifest;
  std::uint64_t manifest_bytes = 0;
  /// The checksum of the last line, which seeds that of the next.
  std::uint64_t chain = 0;
};

/// Throws std::runtime_error with the reason, for "FILES is damaged: …". Ignores an incomplete last line, which a power
/// loss can leave: without it the list only requires less.
FileListContent parse_file_list(std::string_view text);

/// Size and hash of each of RocksDB's files in the directory, in the order of names. Throws std::system_error.
std::vector<SealedFile> list_files(const std::filesystem::path& store_path);

/// Makes the names in the directory durable.
rocksdb::IOStatus sync_directory(rocksdb::FileSystem& files, const std::filesystem::path& path);

/// True for the names of RocksDB's files that hold data; RocksDB deletes such a file if its manifest does not name it.
bool is_store_file(std::string_view name);

/// Writes the list. Safe for use from several threads.
class FileList {
 public:
  /// `path` is the file itself.
  FileList(std::shared_ptr<rocksdb::FileSystem> files, std::filesystem::path path);

  // Each returns RocksDB's status, for the caller (listed_file_system.h) to pass on.

  /// Records, durably, that the seal is void. `list` is what was read from the file.
  rocksdb::IOStatus unseal(const FileListContent& list);
  /// Writes a new list for an open store, durably, with the logs and the manifest in `known`.
  rocksdb::IOStatus begin(const FileListContent& known, const std::filesystem::path& store_path);
  /// To be called when a log was created and is empty; the log before it is complete.
  rocksdb::IOStatus log_created(const std::string& name, const std::filesystem::path& store_path);
  /// To be called before the newest log gets its first record. Durable.
  rocksdb::IOStatus log_begins();
  /// To be called when an append to the newest log failed: its size is then not listed, as RocksDB truncates the
  /// incomplete record.
  void log_is_torn();
  /// To be called before a log is deleted that the manifest makes unnecessary. Durable.
  rocksdb::IOStatus log_unneeded(const std::string& name, const std::filesystem::path& store_path);
  /// To be called when CURRENT has been replaced and names this manifest.
  rocksdb::IOStatus manifest_switched(const std::string& name);
  /// To be called when the store is closed and consists of these files. Durable.
  rocksdb::IOStatus seal(const std::vector<SealedFile>& files);

 private:
  class Lines;
  rocksdb::IOStatus replace(const Lines& lines);
  rocksdb::IOStatus append(std::string_view line, bool sync);
  /// Makes the file ready for an append: removes the part of a line that a failed append may have written.
  rocksdb::IOStatus open_to_append();

  const std::shared_ptr<rocksdb::FileSystem> files_;
  const std::filesystem::path path_;
  std::mutex mutex_;
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  /// The offset of a line of which a failed append may have written a part.
  std::optional<std::uint64_t> torn_at_;
  std::uint64_t chain_ = 0;
  std::string newest_log_;
  /// The line for the log before the newest one. Written only when the newest log is about to be used: until then the
  /// end of the earlier log need not be on disk.
  std::string full_log_line_;
  bool newest_log_is_torn_ = false;
  std::string manifest_;
};

}  // namespace stator::store
