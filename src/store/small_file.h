#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Files of a few kilobytes that Stator keeps beside RocksDB's. All are their owner's alone (mode 0600).
namespace stator::store {

/// Nothing where the file cannot be read. A longer file is cut at `max_bytes`.
std::optional<std::string> read_small_file(const std::filesystem::path& path, std::size_t max_bytes = 64 * 1024);

/// Puts `text` in the place of the file, so that after a power loss either the old or the new text is there: written to
/// `path`.new, synced, renamed, directory synced. Throws std::system_error.
void replace_durably(const std::filesystem::path& path, std::string_view text);

/// Appends to a file that is there and waits for the disk. Throws std::system_error.
void append_durably(const std::filesystem::path& path, std::string_view text);

/// Makes names that were created, renamed or removed in the directory survive a power loss. Throws std::system_error.
void sync_directory(const std::filesystem::path& path);

}  // namespace stator::store
