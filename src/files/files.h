#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

/// Files on the disk, and those inside the program: the models of the build's models/ folder. The latter have paths
/// below kBuiltIn and are read like other files, so that the program needs no files beside it.
namespace stator::files {

/// Not a directory, but the first part of the paths of files inside the program: "built-in:/models/shop/table.json".
inline constexpr const char* kBuiltIn = "built-in:";

/// The text of a file inside the program; nullopt for any other path.
std::optional<std::string_view> built_in(const std::filesystem::path& file);

/// Whether `path` is a file, inside the program or on the disk.
bool is_file(const std::filesystem::path& path);

/// The entries of a directory, sorted by path; empty if it is not a directory or cannot be read.
std::vector<std::filesystem::path> list(const std::filesystem::path& directory);

}  // namespace stator::files
