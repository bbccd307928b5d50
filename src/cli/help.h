#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace stator::cli {

/// The layout of --help at every level.
std::shared_ptr<CLI::FormatterBase> make_help_formatter();

/// `text` with lines of at most `width` columns; descriptions stay in their column. 0: unchanged.
std::string wrap_help(const std::string& text, std::size_t width);

/// The names of an option on the command line, "--limit", "-n"; empty for positionals.
std::vector<std::string> option_flags(const CLI::Option& option);
/// Whether the option takes a value.
bool takes_value(const CLI::Option& option);
/// The name of the value in help: "FILE".
std::string value_name(const CLI::Option& option);
/// Whether this command accepts the word `prod`.
bool takes_prod(const CLI::App& app);
/// The commands of an app that help shows, in the order in which they were added.
std::vector<const CLI::App*> shown_commands(const CLI::App& app);
/// "stator ddb scan"
std::string full_name(const CLI::App& app);

}  // namespace stator::cli
