#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

/// The base of all command families.
namespace stator::cli {

enum class OutputFormat : std::uint8_t { kHuman, kJson, kJsonLines, kCsv, kTable, kPython };

/// An error that is reported as one line on standard error; the process then ends with `exit_code`.
struct CommandError : std::runtime_error {
  explicit CommandError(const std::string& text, int code = 1) : std::runtime_error(text), exit_code(code) {}
  int exit_code;
};

/// For messages when the word `prod` may have been meant as a value.
inline constexpr const char* kProdAsValue = "; the word means production, and as a value it stands after --";

/// The terminal and the options that all commands have. Filled in before a command runs.
struct Session {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  /// Use colours: standard output is a terminal, and NO_COLOR is not set.
  bool colour = false;
  /// The terminal's width in columns, if standard output is a terminal.
  std::size_t columns = 0;
  /// Use a pager for long output: standard output is descriptor 1, and --no-pager was not given.
  bool pages = false;
  /// --quiet: results only, without costs and counts.
  bool quiet = false;
  /// The command line has the word `prod`.
  bool prod = false;
  /// The endpoint is production: because of the word, or because it is AWS (remote::is_production).
  bool production = false;
  /// --yes NAME: tables and databases that may be written to without asking.
  std::vector<std::string> yes;
  /// --read-only: writes are refused.
  bool read_only = false;
  /// --dry-run: requests that write are shown instead of sent.
  bool dry_run = false;
  OutputFormat output = OutputFormat::kHuman;
  /// --data, else STATOR_DATA, else ".stator".
  std::string data_directory;
  /// --endpoint-url, else AWS_ENDPOINT_URL_DYNAMODB, else AWS_ENDPOINT_URL; empty if there is none.
  std::string endpoint_url;
  /// --region and --profile; empty: those of the environment.
  std::string region;
  std::string profile;
  /// --cache, else STATOR_CACHE: "memory", or the URL of a Redis that commands share; empty: no cache.
  std::string cache;
  /// --cache-ttl, in the form of `stator cache --ttl`.
  std::vector<std::string> cache_lifetimes;
  /// The models directory: --models, STATOR_MODELS, ./models, beside the program, or inside it.
  std::string models_directory;
  /// The program's folder; empty if unknown.
  std::string program_directory;
  /// The command line needs the patterns' names and parameters, so the models are read before the commands are built.
  /// Other command lines do not read them.
  bool wants_patterns = false;
  /// Options for which an empty value has a meaning; for others it is a mistake, such as an unset variable.
  std::set<const CLI::Option*> may_be_empty;
  /// The command name of each pattern, by the name that listings show ("MODEL/NAME").
  std::map<std::string, std::string> pattern_commands;
  /// Set by a command that ends with a status other than 0 without a message.
  int exit_code = 0;
};

/// Each family adds its subcommands to `root`; a subcommand's CLI11 callback does its work and throws CommandError,
/// core::ApiError or std::runtime_error, which `run` prints as one line. Every command has a description and, in its
/// footer, an example.
void add_serve_command(CLI::App& root, Session& session);       // serve_command.cpp
void add_cache_command(CLI::App& root, Session& session);       // cache_command.cpp
void add_item_commands(CLI::App& root, Session& session);       // item_commands.cpp
void add_read_commands(CLI::App& root, Session& session);       // read_commands.cpp
void add_table_commands(CLI::App& root, Session& session);      // table_commands.cpp
void add_create_command(CLI::App& root, Session& session);      // create_command.cpp
void add_file_commands(CLI::App& root, Session& session);       // file_commands.cpp
void add_copy_commands(CLI::App& root, Session& session);       // copy_commands.cpp
void add_api_command(CLI::App& root, Session& session);         // api_command.cpp
void add_ddb_commands(CLI::App& root, Session& session);        // ddb_commands.cpp
void add_db_commands(CLI::App& root, Session& session);         // db_commands.cpp
void add_rds_commands(CLI::App& root, Session& session);        // rds_commands.cpp
void add_snapshot_command(CLI::App& root, Session& session);    // snapshot_command.cpp
void add_directory_commands(CLI::App& root, Session& session);  // directory_commands.cpp
void add_completion_command(CLI::App& root, Session& session);  // completion_command.cpp
void add_man_command(CLI::App& root, Session& session);         // man_command.cpp

/// Runs one command line; returns the exit status. `argv` is main's. A program name that is a link in bin/
/// (bin/ddb/scan) stands for its command.
int run(int argc, const char* const* argv, Session& session);

}  // namespace stator::cli
