#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "store/file_list.h"

namespace stator::store {

/// The result of checking a store that is sound, as far as its files show without reading all tables.
struct CheckedFiles {
  /// For the list of the store to be opened: the logs found, with their sizes.
  FileListContent known;
  /// The list says that the store was stopped cleanly.
  bool sealed = false;
  /// Files that end in an unfinished record, which was never acknowledged (the newest log, the manifest), each with the
  /// length of its sound part. They must be truncated to it before anything else is written; otherwise the rest would
  /// look like damage at the next start.
  std::map<std::filesystem::path, std::uint64_t> torn_files;
  /// Empty logs, which only slow down each start.
  std::vector<std::filesystem::path> empty_logs;
};

enum class LogsToCheck : std::uint8_t {
  kAll,
  kNewest,  // the others were written by this process and are complete
};

/// Checks RocksDB's files before RocksDB opens them: it trusts the files it finds and deletes those it does not know.
/// `list` is the text of FILES, if the store has one. Throws std::runtime_error, one line that says what is damaged,
/// and std::filesystem::filesystem_error if a file cannot be read, which need not be damage.
CheckedFiles check_files(const std::filesystem::path& store_path, const std::optional<std::string>& list,
                         LogsToCheck logs = LogsToCheck::kAll);

/// Throws OpenError with one line if a file of the data directory exists but is not readable for this process (after a
/// start as another user, say). Without this check that would look like damage.
void refuse_unreadable_files(const std::filesystem::path& directory);

}  // namespace stator::store
