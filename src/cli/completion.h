#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

/// Completions at the cursor of a command line. The shells' scripts (`stator completion`) ask for them at each TAB.
namespace stator::cli {

/// `stator __complete WORD…`: the words after `stator`, up to the one at the cursor, which may be empty.
inline constexpr std::string_view kCompleteCommand = "__complete";

struct Completion {
  struct Candidate {
    std::string word;
    std::string description;
  };
  std::vector<Candidate> candidates;
  /// A file name may be completed, too.
  bool files = false;
};

/// Finds the completions. Gets tables and indexes from the database that the line names (--data, --endpoint-url, prod),
/// and leaves them out if it cannot be reached. `words` has at least one element, the one at the cursor.
Completion complete(CLI::App& root, const std::vector<std::string>& words, const Session& session);

/// Prints a line for each: the word, a tab, its description; at the end ":files" if a file name may be completed.
void print(const Completion& completion, std::ostream& out);

}  // namespace stator::cli
