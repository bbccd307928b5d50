#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace stator::cli {

/// The layout of --help at every level.
std::shared_ptr<CLI::FormatterBase> make_help_formatter();

/// `text` with lines of at most `width` columns; descriptions stay in their column. 0: as it is.
std::string wrap_help(const std::string& text, std::size_t width);

/// The names an option has on the command line, "--limit", "-n"; empty for positionals.
std::vector<std::string> option_flags(const CLI::Option& option);
/// Whether a value follows the option.
bool takes_value(const CLI::Option& option);
/// What stands for the value in help: "FILE".
std::string value_name(const CLI::Option& option);
/// Whether the word `prod` means something after this command.
bool takes_prod(const CLI::App& app);
/// The commands of an app that are shown to users, as they were added.
std::vector<const CLI::App*> shown_commands(const CLI::App& app);
/// "stator ddb scan"
std::string full_name(const CLI::App& app);

}  // namespace stator::cli
