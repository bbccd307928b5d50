#pragma once

#include <span>
#include <string_view>

namespace stator::files {

struct BuiltInFile {
  /// Relative to kBuiltIn: "models/shop/table.json".
  std::string_view path;
  std::string_view text;
};

/// Sorted by path. The build generates the source (write_built_in_files.cmake).
std::span<const BuiltInFile> built_in_files();

}  // namespace stator::files
