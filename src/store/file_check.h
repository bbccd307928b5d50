#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "store/file_list.h"

namespace stator::store {

/// The result of checking a store: it is not damaged, as far as its files show without reading all tables.
struct CheckedFiles {
  /// For the list of the store to be opened: the logs found, with their sizes.
  FileListContent known;
  /// The list says that the store was stopped cleanly.
  bool sealed = false;
  /// Files that end in an unfinished record, which was never acknowledged (the newest log, the manifest), each with the
  /// length of its sound part. The rest must be truncated before anything else is written: at the next start it would
  /// look like damage.
  std::map<std::filesystem::path, std::uint64_t> torn_files;
  /// Empty logs, which only make every start slower.
  std::vector<std::filesystem::path> empty_logs;
};

enum class LogsToCheck : std::uint8_t {
  kAll,
  kNewest,  // the others were written by this process and are complete
};

/// Checks RocksDB's files before RocksDB opens them: it trusts the files it finds and deletes those it does not know.
/// `list` is the text of FILES, if the store has one. Throws std::runtime_error, one line that says what is damaged.
CheckedFiles check_files(const std::filesystem::path& store_path, const std::optional<std::string>& list,
                         LogsToCheck logs = LogsToCheck::kAll);

/// Throws OpenError, one line, where a file of the data directory is there and this process may not read it (it was
/// left by a start as another user, say): what looks like damage without it is none.
void refuse_unreadable_files(const std::filesystem::path& directory);

}  // namespace stator::store
