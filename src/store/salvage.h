#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace stator::store {

/// A store made of what can be read in a damaged directory. The directory is not changed: RocksDB works on copies below
/// `scratch` (tables are linked where possible). `scratch` is created first and removed at the end; leftovers of a
/// killed salvage in it are removed first.
class Salvage {
 public:
  /// Throws OpenError if the directory is in use, is of a later version, or nothing in it can be opened, or if
  /// `scratch` has other contents or is in use by another salvage. Appends to `report` one line for each thing that had
  /// to be left out.
  Salvage(const std::filesystem::path& directory, std::filesystem::path scratch, std::vector<std::string>& report);
  ~Salvage();
  Salvage(const Salvage&) = delete;
  Salvage& operator=(const Salvage&) = delete;

  /// Calls `visit(key, value)` for every readable row in [lower, upper), in order. Returns how many damaged places were
  /// skipped.
  std::size_t walk(const std::string& lower, const std::string& upper,
                   const std::function<void(std::string_view key, std::string_view value)>& visit) const;

  /// Whether rows may be lost that no walk counts as a damaged place: a table is missing, may be missing, or is
  /// completely unreadable, or a log has an unreadable record.
  [[nodiscard]] bool lost_whole_files() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Copies a checkpoint as it is, damaged or not, to a path that must not exist; durable and complete when it returns
/// (the marker is written last). Tables are linked where the file system allows it. Throws std::system_error.
void copy_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace stator::store
