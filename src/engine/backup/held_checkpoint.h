#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/descriptor.h"

namespace stator::engine {

/// A checkpoint's folder, held open while its files are read. Meanwhile another checkpoint may take over its name (a
/// snapshot that is saved again or settled), with other contents under the same file names.
class HeldCheckpoint {
 public:
  explicit HeldCheckpoint(const std::filesystem::path& folder);

  /// False if there is no such folder.
  [[nodiscard]] bool is_open() const { return folder_.number() >= 0; }
  /// Whether all its files are still there: a removal always begins with the marker.
  [[nodiscard]] bool is_whole() const;
  /// The relative paths of its files, except lock files. Throws std::system_error.
  [[nodiscard]] std::vector<std::string> files() const;
  /// For openat and the like.
  [[nodiscard]] int descriptor() const { return folder_.number(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
  const core::Descriptor folder_;
};

}  // namespace stator::engine
