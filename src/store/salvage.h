#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace stator::store {

/// A store made of what can be read in a damaged directory. The directory is not changed: RocksDB works on copies below
/// `scratch`, which is created (tables are linked where that is possible) and removed at the end; what a salvage that
/// was killed left there is removed first.
class Salvage {
 public:
  /// Throws OpenError where the directory is in use, is of a later version, or nothing in it can be opened, and where
  /// `scratch` is somebody else's or in use by another salvage. What had to be left out is appended to `told`, a line
  /// each.
  Salvage(const std::filesystem::path& directory, std::filesystem::path scratch, std::vector<std::string>& told);
  ~Salvage();
  Salvage(const Salvage&) = delete;
  Salvage& operator=(const Salvage&) = delete;

  /// Calls `visit(key, value)` for every row in [lower, upper) that can be read, in order. Returns how many damaged
  /// places were skipped.
  std::size_t walk(const std::string& lower, const std::string& upper,
                   const std::function<void(std::string_view key, std::string_view value)>& visit) const;

  /// Whether rows may be lost that no walk counts as a damaged place: a table is missing, may be missing, or cannot be
  /// read at all, or a log has a record that cannot be read.
  [[nodiscard]] bool lost_whole_files() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Copies a checkpoint as it is, damaged or not, to where nothing is; durable when it returns, and complete (the marker
/// comes last). Tables are linked where the file system allows it. Throws std::system_error.
void copy_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace stator::store
