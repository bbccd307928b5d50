#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Files of a few kilobytes that Stator keeps beside RocksDB's. All are private to their owner (mode 0600).
namespace stator::store {

/// Returns the file's text, at most its first `max_bytes`; nullopt if it cannot be read.
std::optional<std::string> read_small_file(const std::filesystem::path& path, std::size_t max_bytes = 64 * 1024);

/// The same, but nullopt only if the file does not exist. Throws std::filesystem::filesystem_error if it cannot be
/// read.
std::optional<std::string> read_if_there(const std::filesystem::path& path, std::size_t max_bytes = 64 * 1024);

/// Replaces the file's text so that a power loss leaves either the old or the new text: writes and syncs `path`.new,
/// renames it, syncs the directory. Throws std::system_error.
void replace_durably(const std::filesystem::path& path, std::string_view text);

/// Makes creations, renames and removals in the directory survive a power loss. Throws std::system_error.
void sync_directory(const std::filesystem::path& path);

}  // namespace stator::store
