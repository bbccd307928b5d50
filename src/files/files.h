#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

/// Files that people give, and those inside the program: the models of the build's models/ folder. These have paths
/// below kBuiltIn and are read like others, so that the program needs nothing beside it.
namespace stator::files {

/// No directory: the first part of the paths of the files inside the program, "built-in:/models/shop/table.json".
inline constexpr const char* kBuiltIn = "built-in:";

/// The text of a file inside the program; nothing for any other path.
std::optional<std::string_view> built_in(const std::filesystem::path& file);

/// True if `path` is a file, inside the program or on the disk.
bool is_file(const std::filesystem::path& path);

/// What is directly in a directory, sorted by path; empty where it cannot be read or is none.
std::vector<std::filesystem::path> list(const std::filesystem::path& directory);

}  // namespace stator::files
