#pragma once

#include <filesystem>
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
  /// The newest log ends in a record that was never acknowledged.
  bool torn_log = false;
  /// The manifest ends in a record that was never finished, from `manifest_sound_bytes` on; RocksDB would refuse it.
  std::filesystem::path torn_manifest;
  std::uint64_t manifest_sound_bytes = 0;
  /// Logs without a byte, which only make every start slower.
  std::vector<std::filesystem::path> empty_logs;
};

/// Looks at RocksDB's files before RocksDB does, which believes what it finds and deletes what it does not know. `list`
/// is the text of FILES, if the store has one. Throws std::runtime_error with what is damaged, in one line.
CheckedFiles check_files(const std::filesystem::path& store_path, const std::optional<std::string>& list);

}  // namespace stator::store
