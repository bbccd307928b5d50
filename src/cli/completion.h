#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

/// What may stand at the cursor of a command line. The shells' scripts (`stator completion`) ask for it with each TAB.
namespace stator::cli {

/// `stator __complete WORD…`: the words after `stator` up to the cursor's, which may be empty.
inline constexpr std::string_view kCompleteCommand = "__complete";

struct Completion {
  struct Candidate {
    std::string word;
    std::string description;
  };
  std::vector<Candidate> candidates;
  /// A file's name may stand there.
  bool files = false;
};

/// Tables and indexes are asked for where the line says (--data, --endpoint-url, prod); what cannot be asked is left
/// out. `words` has at least one element, the one at the cursor.
Completion complete(CLI::App& root, const std::vector<std::string>& words, const Session& session);

/// A line each: the word, a tab, its description; last ":files" where a file's name may stand there.
void print(const Completion& completion, std::ostream& out);

}  // namespace stator::cli
