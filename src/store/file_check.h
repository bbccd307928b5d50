#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "store/file_list.h"

namespace stator::store {

/// What was found in a store that is not damaged, as far as can be told without its tables.
struct CheckedFiles {
  /// For the list of the store to be opened: logs that are there with their sizes.
  FileListContent known;
  /// The list says that the store was stopped cleanly.
  bool sealed = false;
  /// Files that end in a record that was never finished, and so never acknowledged (the newest log, the manifest), with
  /// how far they are sound. What is behind that must be gone before anything else is written: at the next start it
  /// could not be told from damage.
  std::map<std::filesystem::path, std::uint64_t> torn_files;
  /// Logs without a byte, which only make every start slower.
  std::vector<std::filesystem::path> empty_logs;
};

/// Looks at RocksDB's files before RocksDB does, which believes what it finds and deletes what it does not know. `list`
/// is the text of FILES, if the store has one. Throws std::runtime_error with what is damaged, in one line.
CheckedFiles check_files(const std::filesystem::path& store_path, const std::optional<std::string>& list);

}  // namespace stator::store
