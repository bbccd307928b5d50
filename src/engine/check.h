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
  /// One line each; the first kMaxProblems of `problem_count`.
  std::vector<std::string> problems;
  std::uint64_t problem_count = 0;

  static constexpr std::size_t kMaxProblems = 100;
  [[nodiscard]] bool is_sound() const { return problem_count == 0; }
  void add(std::string problem);
};

/// Reads everything in the directory and changes nothing: the files and their checksums; the catalog; that each item
/// can be read, has the right key and size; that the indexes have the items' entries and no others; that
/// the counters are right. Throws store::OpenError where there is nothing to check: no data directory, in use, of a
/// later version.
CheckReport check_directory(const std::filesystem::path& directory);

}  // namespace stator::engine
