#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Reading a command line before CLI11 does: what it cannot know, and better words for mistakes.
namespace stator::cli {

/// The most that --limit takes: more than any table holds.
inline constexpr std::uint64_t kMostItems = 1'000'000'000'000;

/// The command a program name stands for: "…/bin/ddb/scan" is {"ddb", "scan"}; nothing for "stator".
std::vector<std::string> command_of_program_name(const std::string& program_name);

/// The value of an option that must be known before the commands are built: "--models DIR" or "--models=DIR".
std::optional<std::string> early_option(const std::vector<std::string>& arguments, const std::string& option);

/// Adds a positional that takes any number of words. CLI11 takes a word in brackets apart as if it were a list
/// ("[a,b]"); `guard_words` and this keep it whole.
CLI::Option* add_words(CLI::App& command, const std::string& name, std::vector<std::string>& words,
                       const std::string& description);

struct CommandPath {
  /// From the root to the command that the line names.
  std::vector<CLI::App*> apps;
  /// A mistake in names of commands or options, in one line with the nearest right one; empty: none.
  std::string mistake;
  /// Where the word `prod` stands: wherever an option may, and as the last word after `--`.
  std::vector<std::size_t> prod_at;

  /// Where words stand that are neither commands nor options nor `prod`.
  std::vector<std::size_t> words_at;

  /// "stator ddb scan"
  [[nodiscard]] std::string name() const;
};

/// Follows the words of a command line down the tree.
CommandPath follow(CLI::App& root, const std::vector<std::string>& arguments);

/// Marks the words in brackets for `add_words`, where the command has such a positional.
void guard_words(const CommandPath& path, std::vector<std::string>& arguments);

}  // namespace stator::cli
