#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reads a command line before CLI11 does: for what CLI11 cannot know, and for better messages about mistakes.
namespace stator::cli {

/// The highest value of --limit: more items than any table holds.
inline constexpr std::uint64_t kMostItems = 1'000'000'000'000;

/// The letters of an operation's name: equal for "PutItem" and "put-item", which is the AWS CLI's form.
std::string letters_of(std::string_view name);

/// The command that a program name stands for: {"ddb", "scan"} for "…/bin/ddb/scan"; empty for "stator".
std::vector<std::string> command_of_program_name(const std::string& program_name);

/// The value of an option that is needed before the commands are built: "--models DIR" or "--models=DIR".
std::optional<std::string> early_option(const std::vector<std::string>& arguments, const std::string& option);

/// Adds a positional that takes any number of words. CLI11 splits a word in brackets ("[a,b]") as a list; together with
/// `guard_words` this keeps it whole.
CLI::Option* add_words(CLI::App& command, const std::string& name, std::vector<std::string>& words,
                       const std::string& description);

/// Throws CommandError (2) if the line has one of these global options, which this command would ignore.
void refuse_options(const CLI::App& root, const std::string& command, std::initializer_list<const char*> options);

/// Accepts http and https URLs, and an empty value, for which there is another message.
CLI::Validator is_url();

/// Accepts valid names of regions.
CLI::Validator is_region();

/// Accepts numbers from `least` to `most`. Unlike CLI::Range it rejects "nan", which passes every comparison.
CLI::Validator number_in(double least, double most);

/// Accepts the names in a map and turns them into their values; also accepts the values.
CLI::Validator named_value(const std::map<std::string, std::string>& names);

struct CommandPath {
  /// The CLI11 apps from the root to the command that the line names.
  std::vector<CLI::App*> apps;
  /// One line about an unknown command or option, with the nearest known one; empty if there is no mistake.
  std::string mistake;
  /// Positions of the word `prod` where an option may be; after `--` it is a value.
  std::vector<std::size_t> prod_at;

  /// Positions of the words that are neither commands nor options nor `prod`.
  std::vector<std::size_t> words_at;

  /// "stator ddb scan"
  [[nodiscard]] std::string name() const;
};

/// Follows the words of a command line down the tree of commands.
CommandPath follow(CLI::App& root, const std::vector<std::string>& arguments);

/// Marks the words in brackets for `add_words`, if the command has such a positional.
void guard_words(const CommandPath& path, std::vector<std::string>& arguments);

}  // namespace stator::cli
