#include "files/files.h"

#include <algorithm>

#include "files/built_in_files.h"

namespace stator::files {
namespace {

namespace fs = std::filesystem;

/// The path relative to kBuiltIn; nullopt for paths on the disk.
std::optional<std::string> path_inside(const fs::path& path) {
  if (path.empty() || *path.begin() != kBuiltIn) return std::nullopt;
  std::string inside = path.lexically_normal().lexically_relative(kBuiltIn).string();
  if (inside.ends_with('/')) inside.pop_back();
  return inside;
}

}  // namespace

std::optional<std::string_view> built_in(const fs::path& file) {
  const auto path = path_inside(file);
  if (!path) return std::nullopt;
  for (const BuiltInFile& each : built_in_files()) {
    if (each.path == *path) return each.text;
  }
  return std::nullopt;
}

bool is_file(const fs::path& path) {
  if (path_inside(path)) return built_in(path).has_value();
  std::error_code fault;
  return fs::is_regular_file(path, fault);
}

std::vector<fs::path> list(const fs::path& directory) {
  std::vector<fs::path> found;
  if (const auto inside = path_inside(directory)) {
    const std::string prefix = *inside + "/";
    for (const BuiltInFile& each : built_in_files()) {
      if (!each.path.starts_with(prefix)) continue;
      const std::string_view rest = each.path.substr(prefix.size());
      fs::path entry = directory / rest.substr(0, rest.find('/'));
      if (found.empty() || found.back() != entry) found.push_back(std::move(entry));
    }
  } else {
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(directory, fault)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace stator::files
