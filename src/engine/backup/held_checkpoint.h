#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/descriptor.h"

namespace stator::engine {

/// A checkpoint's folder, held open while its files are read. Its name may come to mean another one meanwhile (a
/// snapshot that is saved again or settled), in which files of the same names have other contents.
class HeldCheckpoint {
 public:
  explicit HeldCheckpoint(const std::filesystem::path& folder);

  /// False where there is no such folder.
  [[nodiscard]] bool is_open() const { return folder_.number() >= 0; }
  /// Whether nothing of it was removed so far: the marker is always removed first.
  [[nodiscard]] bool is_whole() const;
  /// The paths of its files below it, but for locks. Throws std::system_error.
  [[nodiscard]] std::vector<std::string> files() const;
  /// For openat and the like.
  [[nodiscard]] int descriptor() const { return folder_.number(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
  const core::Descriptor folder_;
};

}  // namespace stator::engine
