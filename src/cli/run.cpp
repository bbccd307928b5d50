#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "aws/config.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/directory_backup_commands.h"
#include "cli/dynamodb_local.h"
#include "cli/health_command.h"
#include "cli/help.h"
#include "cli/init_command.h"
#include "cli/interrupt.h"
#include "cli/pager.h"
#include "cli/target.h"
#include "cli/terminal.h"
#include "http/url.h"
#include "model/model.h"
#include "model/pattern.h"
#include "toolkit/call.h"
#include "toolkit/expression_words.h"
#include "toolkit/guard.h"
#include "toolkit/text_table.h"

namespace stator::cli {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;
/// The status that a shell reports for a program ended by SIGPIPE.
constexpr int kReaderLeft = 141;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// The options that every command has.
struct GlobalOptions {
  std::string endpoint_url;
  std::string data_directory;
  std::string output = "human";
  std::string models_directory;
  std::string region;
  std::string profile;
  std::string cache;
  std::vector<std::string> cache_lifetimes;
  std::vector<std::string> yes;
  bool no_colour = false;
  bool no_pager = false;
  bool read_only = false;
  bool dry_run = false;
  CLI::Option* endpoint_option = nullptr;
  CLI::Option* data_option = nullptr;
};

void add_global_options(CLI::App& root, GlobalOptions& options) {
  options.endpoint_option =
      root.add_option("--endpoint-url", options.endpoint_url,
                      "Work on the DynamoDB API at this URL (else AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL)")
          ->type_name("URL")
          ->check(is_url());
  options.data_option =
      root.add_option("--data", options.data_directory, "Work on this data directory (else STATOR_DATA, else .stator)")
          ->type_name("DIR");
  root.add_option("--region", options.region,
                  "AWS region; also selects which replica of a table is meant (else AWS_REGION)")
      ->type_name("REGION")
      ->check(is_region());
  root.add_option("--profile", options.profile, "The AWS profile with the keys and the region (else AWS_PROFILE)")
      ->type_name("NAME");
  root.add_option("--output", options.output, "Output format: human, json; for items also table, jsonl, csv, python")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"human", "json", "jsonl", "csv", "table", "python"}));
  root.add_option("--models", options.models_directory,
                  "Where the models are (else STATOR_MODELS, ./models, beside the program, built in)")
      ->type_name("DIR");
  root.add_option("--cache", options.cache,
                  "Cache reads: in memory, for this command only, or at redis://HOST, shared (else STATOR_CACHE)")
      ->type_name("WHERE");
  root.add_option("--cache-ttl", options.cache_lifetimes,
                  "How long: SECONDS, OPERATION=SECONDS, TABLE=SECONDS or TABLE/OPERATION=SECONDS (default: 300)")
      ->type_name("WHAT")
      ->allow_extra_args(false);
  root.add_option("--yes", options.yes, "Write to NAME (a table, a database) in production without asking")
      ->type_name("NAME")
      ->allow_extra_args(false);
  root.add_flag("--read-only", options.read_only, "Refuse anything that would write");
  root.add_flag("--dry-run", options.dry_run, "Show the requests that would write, and send none of them");
  root.add_flag("--no-pager", options.no_pager, "Do not use a pager (STATOR_PAGER, PAGER, less)");
  root.add_flag("--no-color", options.no_colour, "No colours (also: NO_COLOR set)");
}

OutputFormat output_format(const std::string& name) {
  if (name == "json") return OutputFormat::kJson;
  if (name == "jsonl") return OutputFormat::kJsonLines;
  if (name == "csv") return OutputFormat::kCsv;
  if (name == "table") return OutputFormat::kTable;
  if (name == "python") return OutputFormat::kPython;
  return OutputFormat::kHuman;
}

std::string endpoint_url_of_profile(const Session& session) {
  try {
    return aws::profile_endpoint_url(aws_environment(session), "dynamodb").value_or("");
  } catch (const aws::ConfigurationError&) {
    return {};  // reported by the code that needs the profile
  }
}

void fill_session(const GlobalOptions& options, Session& session) {
  session.output = output_format(options.output);
  session.region = options.region;
  session.profile = options.profile;
  session.data_directory = options.data_directory;
  if (session.data_directory.empty()) session.data_directory = environment("STATOR_DATA");
  if (session.data_directory.empty()) session.data_directory = ".stator";
  if (!http::scheme_of(session.data_directory).empty())
    throw CommandError("stator: --data (or STATOR_DATA) takes a folder, not " + session.data_directory, kUsage);
  session.endpoint_url = options.endpoint_url;
  // A directory named on the command line overrides an endpoint in the environment.
  const bool has_data_option = options.data_option->count() > 0;
  if (session.endpoint_url.empty() && !has_data_option) session.endpoint_url = environment("AWS_ENDPOINT_URL_DYNAMODB");
  if (session.endpoint_url.empty() && !has_data_option) session.endpoint_url = environment("AWS_ENDPOINT_URL");
  // A named directory overrides the profile, which is also meant for other tools.
  if (session.endpoint_url.empty() && !has_data_option && environment("STATOR_DATA").empty())
    session.endpoint_url = endpoint_url_of_profile(session);
  session.cache = options.cache.empty() ? environment("STATOR_CACHE") : options.cache;
  session.cache_lifetimes = options.cache_lifetimes;
  session.yes = options.yes;
  session.read_only = options.read_only;
  session.dry_run = options.dry_run;
  session.pages = session.pages && !options.no_pager;
  session.production = remote::is_production(target_options(session));
  session.colour =
      session.out_is_terminal && !options.no_colour && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

/// Throws if a value is empty: `--condition "$CONDITION"` with an unset variable must not run without a condition.
void refuse_empty_values(const CLI::App& app, const Session& session) {
  for (const CLI::Option* option : app.get_options()) {
    const bool are_words = option->get_positional() && option->get_items_expected_max() > 1;
    if (are_words || option->get_items_expected_min() == 0 || session.may_be_empty.contains(option)) continue;
    const std::vector<std::string>& values = option->results();
    if (std::find(values.begin(), values.end(), "") != values.end())
      throw CLI::ValidationError(option->get_name(), "its value is empty");
  }
  for (const CLI::App* command : app.get_subcommands()) refuse_empty_values(*command, session);
}

bool mentions(const std::vector<std::string>& arguments, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  });
}

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return toolkit::printable(text);  // it may quote data of others
}

int fail(Session& session, const std::string& text, int code) {
  try {
    session.out->flush();
  } catch (const std::exception&) {
    // This error is more important than output that could not be written before it.
  }
  *session.err << one_line(text) << "\n";
  return code;
}

int usage_error(Session& session, const std::string& text, const std::string& command) {
  return fail(session, "stator: " + text + " (help: " + command + " --help)", kUsage);
}

/// Rewrites "stator help ddb scan" as "stator ddb scan --help".
void rewrite_help(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() != "help") return;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
}

/// Rewrites "patterns MODEL/NAME", as listings show it, to "patterns NAME" if that name is unique.
void name_patterns(const Session& session, std::vector<std::string>& arguments) {
  const auto patterns = std::find(arguments.begin(), arguments.end(), "patterns");
  for (auto word = patterns; word != arguments.end(); ++word) {
    const auto found = session.pattern_commands.find(*word);
    if (found == session.pattern_commands.end()) continue;
    *word = found->second;
    return;
  }
}

/// A group of commands that are built together, and their names.
struct Family {
  std::vector<std::string_view> names;
  void (*add)(CLI::App&, Session&);
};

/// In the order of the help. "man" is in no family, as the manual page needs all commands.
const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {{"serve"}, add_serve_command},
      {{"health"}, add_health_command},
      {{"cache"}, add_cache_command},
      {{"snapshot"}, add_snapshot_command},
      {{"check", "repair"}, add_directory_commands},
      {{"backup", "restore"}, add_directory_backup_commands},
      {{"get", "put", "update", "delete", "edit"}, add_item_commands},
      {{"query", "scan", "count"}, add_read_commands},
      {{"create"}, add_create_command},
      {{"tables", "describe", "backups"}, add_table_commands},
      {{"export", "import"}, add_file_commands},
      {{"copy", "diff"}, add_copy_commands},
      {{"api"}, add_api_command},
      {{"init"}, add_init_command},
      {{"ddb"}, add_ddb_commands},
      {{"db"}, add_db_commands},
      {{"rds"}, add_rds_commands},
      {{"completion"}, add_completion_command},
      {{}, add_man_command},
  };
  return all;
}

/// The first family of which the line names a command; the end if it names none.
std::vector<Family>::const_iterator named_family(const std::vector<std::string>& arguments) {
  for (const std::string& word : arguments) {
    const auto found = std::ranges::find_if(
        families(), [&](const Family& family) { return std::ranges::find(family.names, word) != family.names.end(); });
    if (found != families().end()) return found;
  }
  return families().end();
}

void set_up(CLI::App& root) {
  root.fallthrough();
  root.require_subcommand(0, 1);
  root.formatter(make_help_formatter());
  root.set_help_flag("-h,--help", "Print this help");
  root.set_version_flag("--version", std::string("stator ") + STATOR_VERSION, "Print the version");
}

/// Builds only the family that the line names, as building all takes as long as some commands run, and follows the
/// line. If that leads nowhere (a mistake, or a family's name as an option's value), builds all families.
CommandPath build_and_follow(CLI::App& root, Session& session, std::vector<std::string>& arguments) {
  const auto named = named_family(arguments);
  if (named != families().end()) {
    named->add(root, session);
    name_patterns(session, arguments);
    CommandPath path = follow(root, arguments);
    // Mistakes are compared with the commands of all families.
    if (path.apps.size() > 1 && path.mistake.empty()) return path;
  }
  for (auto family = families().begin(); family != families().end(); ++family) {
    if (family != named) family->add(root, session);
  }
  name_patterns(session, arguments);
  return follow(root, arguments);
}

/// Rewords CLI11's message for too many or too few values: "--output: At Most 1 required but received 2".
std::string mismatch_text(const CLI::ArgumentMismatch& error) {
  std::string text = error.what();
  const std::size_t colon = text.find(": ");
  if (colon == std::string::npos) return text;
  const std::string name = text.substr(0, colon);
  text.erase(0, colon + 2);
  const std::string received = text.substr(text.rfind(' ') + 1);
  if (text.starts_with("At Most 1 ")) return name + " is given " + received + " times, but is allowed once";
  // "At least 2 required but received 1", "1 required NAME missing"
  const bool is_counted = text.starts_with("At least ");
  const std::size_t begin = std::min(text.find_first_of("0123456789"), text.size());
  const std::string needed = text.substr(begin, text.find(' ', begin) - begin);
  return name + " needs " + (needed == "1" ? "a value" : needed + " values") + (is_counted ? ", not " + received : "");
}

/// Rewords CLI11's message "Could not convert: NAME = VALUE".
std::string conversion_text(const CLI::ConversionError& error) {
  std::string text = error.what();
  const std::size_t name = text.find(": ");
  const std::size_t equals = text.find(" = ");
  if (name == std::string::npos || equals == std::string::npos) return text;
  return text.substr(name + 2, equals - name - 2) + ": \"" + text.substr(equals + 3) + "\" is not an allowed value";
}

int parse_and_run(CLI::App& root, std::vector<std::string> arguments, Session& session, const CommandPath& path,
                  const GlobalOptions& options) {
  try {
    root.parse_complete_callback([&] {
      refuse_empty_values(root, session);
      fill_session(options, session);
    });
    std::reverse(arguments.begin(), arguments.end());  // CLI11 expects reverse order
    root.parse(std::move(arguments));
    if (path.apps.size() == 1) {
      *session.out << wrap_help(root.help(), session.columns);
      return 0;
    }
    return session.exit_code;
  } catch (const CLI::CallForHelp&) {
    *session.out << wrap_help(path.apps.back()->help(), session.columns);
    return 0;
  } catch (const CLI::CallForVersion&) {
    *session.out << root.version() << "\n";
    return 0;
  } catch (const CLI::ExtrasError&) {
    // The error's own text has the words in reverse order.
    std::string text = "\"" + path.name() + "\" takes no argument";
    const std::vector<std::string> words = root.remaining(true);
    for (const std::string& word : words) text += " \"" + word + "\"";
    if (words.size() > 1) text += "; quote a value that contains spaces";
    return usage_error(session, text, path.name());
  } catch (const CLI::ArgumentMismatch& error) {
    return usage_error(session, mismatch_text(error), path.name());
  } catch (const CLI::ConversionError& error) {
    return usage_error(session, conversion_text(error), path.name());
  } catch (const CLI::ParseError& error) {
    return usage_error(session, error.what(), path.name());
  }
}

int run_arguments(std::vector<std::string> arguments, Session& session) {
  const bool completes = !arguments.empty() && arguments.front() == kCompleteCommand;
  if (completes) {
    arguments.erase(arguments.begin());
    if (arguments.empty()) arguments.emplace_back();
  } else {
    rewrite_help(arguments);
    translate_dynamodb_local(arguments);
  }
  session.models_directory =
      model::find_models_directory(early_option(arguments, "--models").value_or(""), ".", session.program_directory)
          .string();
  session.wants_patterns = mentions(arguments, {"patterns"});
  CLI::App root("A DynamoDB-compatible database and its toolkit", "stator");
  GlobalOptions options;
  set_up(root);
  add_global_options(root, options);
  if (completes) {
    for (const Family& family : families()) family.add(root, session);
    // The line is unfinished, and the user will not wait long.
    constexpr unsigned kPatienceSeconds = 5;
    ::alarm(kPatienceSeconds);
    print(complete(root, arguments, session), *session.out);
    ::alarm(0);
    return 0;
  }
  const CommandPath path = build_and_follow(root, session, arguments);
  if (!path.mistake.empty()) return usage_error(session, path.mistake, path.name());
  CLI::App& command = *path.apps.back();
  guard_words(path, arguments);
  session.prod = !path.prod_at.empty();
  if (session.prod && !takes_prod(command))
    return usage_error(session, "\"" + path.name() + "\" does not take the word prod", path.name());
  if (path.prod_at.size() > 1)
    return usage_error(session, std::string("prod is given twice") + kProdAsValue, path.name());
  for (auto at = path.prod_at.rbegin(); at != path.prod_at.rend(); ++at)
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(*at));
  const bool is_bare_family = path.apps.size() > 1 && !command.get_subcommands({}).empty() &&
                              command.get_require_subcommand_min() > 0 && !mentions(arguments, {"--help", "-h"});
  if (is_bare_family) return usage_error(session, "\"" + path.name() + "\" needs a command", path.name());
  return parse_and_run(root, std::move(arguments), session, path, options);
}

int run_to_the_end(std::vector<std::string> arguments, Session& session) {
  int code = 0;
  try {
    code = run_arguments(std::move(arguments), session);
  } catch (const toolkit::DryRunEnd&) {
    // The request was shown.
  }
  session.out->flush();
  return code;
}

}  // namespace

int run(int argc, const char* const* argv, Session& session) {
  std::vector<std::string> arguments;
  if (argc > 0) arguments = command_of_program_name(argv[0]);
  for (int i = 1; i < argc; ++i) arguments.emplace_back(argv[i]);
  try {
    return run_to_the_end(std::move(arguments), session);
  } catch (const PagerQuit&) {
    return session.exit_code;
  } catch (const OutputError& error) {
    if (error.code == EPIPE) return kReaderLeft;
    *session.err << "stator: " << error.what() << "\n";
    return kFailure;
  } catch (const CommandError& error) {
    return fail(session, error.what(), error.exit_code);
  } catch (const toolkit::OperationError& error) {
    return fail(session, toolkit::describe(error), kFailure);
  } catch (const core::ApiError& error) {
    return fail(session, "An error occurred (" + std::string(error.type.name()) + "): " + error.message, kFailure);
  } catch (const toolkit::WordError& error) {
    return fail(session, std::string("stator: ") + error.what(), kUsage);
  } catch (const model::ParameterError& error) {
    return fail(session, std::string("stator: ") + error.what(), kUsage);
  } catch (const http::UrlError& error) {
    return fail(session, std::string("stator: ") + error.what(), kUsage);
  } catch (const Interrupted&) {
    return fail(session, "stator: interrupted", kInterruptedExit);
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(session, "stator: " + error.path1().string() + ": " + error.code().message(), kFailure);
  } catch (const std::bad_alloc&) {
    return fail(session, "stator: out of memory", kFailure);
  } catch (const std::exception& error) {
    return fail(session, std::string("stator: ") + error.what(), kFailure);
  }
}

}  // namespace stator::cli
