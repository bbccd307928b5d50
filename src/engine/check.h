#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stator::engine {

/// The result of checking a data directory.
struct CheckReport {
  struct TableFound {
    std::string name;
    std::uint64_t items = 0;
    std::uint64_t size_bytes = 0;
    std::size_t indexes = 0;
  };
  std::vector<TableFound> tables;
  /// A backup with the table it is kept for, or a snapshot with all its tables.
  struct CheckpointFound {
    std::string what;
    std::vector<TableFound> tables;
  };
  std::vector<CheckpointFound> checkpoints;
  /// One line each; at most the first kMaxProblems.
  std::vector<std::string> problems;
  std::uint64_t problem_count = 0;
  /// How many of `problem_count` were found in backups and snapshots.
  std::uint64_t checkpoint_problem_count = 0;

  static constexpr std::size_t kMaxProblems = 100;
  [[nodiscard]] bool is_sound() const { return problem_count == 0; }
  void add(std::string problem);
  void add_checkpoint(const std::string& what, CheckReport found);
};

/// Reads everything in the directory and changes nothing. Checks the files and their checksums; the catalog; that each
/// item can be read and has the right key and size; that the indexes have the items' entries and no others; that the
/// counters are right. Then checks each snapshot in the same way, and in each backup the table it is kept for. Throws
/// store::OpenError if nothing can be checked: no data directory, in use, of a later version.
CheckReport check_directory(const std::filesystem::path& directory);

}  // namespace stator::engine
