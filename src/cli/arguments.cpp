#include "cli/arguments.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "api/operations.h"
#include "aws/config.h"
#include "cli/command.h"
#include "core/ascii.h"
#include "http/url.h"
#include "model/text.h"

namespace stator::cli {
namespace {

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const std::vector<std::string_view> views(candidates.begin(), candidates.end());
  // If several models have the pattern, suggest its name with that of each model.
  std::string longer;
  for (const std::string& candidate : candidates) {
    if (candidate.ends_with("/" + word)) longer += (longer.empty() ? "" : " or ") + candidate;
  }
  if (!longer.empty()) return "; did you mean " + longer + "?";
  const std::string_view nearest = model::nearest(word, views);
  return nearest.empty() ? std::string() : "; did you mean " + std::string(nearest) + "?";
}

CLI::Option* find_option(const std::vector<CLI::App*>& apps, const std::string& name) {
  for (auto app = apps.rbegin(); app != apps.rend(); ++app) {
    if (CLI::Option* option = (*app)->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

std::vector<std::string> option_names(const std::vector<CLI::App*>& apps) {
  std::vector<std::string> names;
  for (CLI::App* app : apps) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

/// An option of other tools, and its counterpart here: an option, or the name of a positional.
struct OtherOption {
  std::string_view option;
  std::string_view here;
};
constexpr std::string_view kPlaceholders = "placeholders";
constexpr OtherOption kOtherOptions[] = {
    {"--table-name", "TABLE"},
    {"--table", "TABLE"},
    {"-t", "TABLE"},
    {"--item", "ITEM"},
    {"-o", "--output"},
    {"--index-name", "--index"},
    {"-i", "--index"},
    {"--key-condition-expression", "--key-condition"},
    {"--filter-expression", "--filter"},
    {"--condition-expression", "--condition"},
    {"--update-expression", "--expression"},
    {"--projection-expression", "--projection"},
    {"--expression-attribute-values", kPlaceholders},
    {"--expression-attribute-names", kPlaceholders},
    {"--scan-index-forward", "--reverse"},
    {"--no-scan-index-forward", "--reverse"},
    {"--desc", "--reverse"},
    {"--consistent-read", "--consistent"},
    {"--max-items", "--limit"},
    {"--page-size", "--limit"},
    {"--total-segments", "--segments"},
    {"--starting-token", "--next"},
    {"--exclusive-start-key", "--next"},
};

/// What to use instead of an option that the last app does not have; empty if unknown.
std::string option_suggestion(const std::vector<CLI::App*>& apps, const std::string& name) {
  const auto has_word = [&](std::string_view word) {
    return std::ranges::any_of(apps.back()->get_options(), [&](const CLI::Option* option) {
      return option->get_positional() && option->get_name(true) == word;
    });
  };
  const std::vector<std::string> names = option_names(apps);
  const auto has = [&](std::string_view option) { return std::ranges::find(names, option) != names.end(); };
  const auto* const other = std::ranges::find(kOtherOptions, name, &OtherOption::option);
  if (other != std::end(kOtherOptions)) {
    const std::string here(other->here);
    if (has(here)) return "; did you mean " + here + "?";
    if (has_word(here)) return "; " + here + " is given without an option";
    if (here == kPlaceholders && has("--projection"))
      return "; placeholders are arguments: :name=VALUE, '#name=ATTRIBUTE'";
  }
  std::string nearest = suggestion(name, names);
  if (nearest.empty() && has_word("REQUEST")) return "; the request is JSON, as in '{\"TableName\": \"shop\"}'";
  return nearest;
}

CLI::App* find_command(CLI::App& app, const std::string& name) {
  for (CLI::App* command : app.get_subcommands({})) {
    if (command->check_name(name)) return command;
  }
  return nullptr;
}

/// A command's name in other tools.
struct OtherName {
  std::string_view word;
  std::string_view command;
};
constexpr OtherName kOtherNames[] = {{"ls", "stator tables"},
                                     {"list", "stator tables"},
                                     {"show", "stator describe"},
                                     {"rm", "stator delete"},
                                     {"remove", "stator delete"},
                                     {"insert", "stator put"},
                                     {"dump", "stator export"},
                                     {"load", "stator import"},
                                     {"select", "stator ddb sql"},
                                     {"shell", "stator ddb sql"},
                                     {"start", "stator serve"},
                                     {"run", "stator serve"},
                                     {"version", "stator --version"},
                                     {"dynamodb", "stator api"},
                                     {"bwrite", "stator import"},
                                     {"batch-write", "stator import"},
                                     {"bootstrap", "stator ddb schema-load"}};

/// The commands with exactly that name elsewhere, and the operation of AWS: for "drop" those of ddb and db.
std::vector<std::string> same_name_elsewhere(CLI::App& root, const std::string& word) {
  std::vector<std::string> found;
  if (find_command(root, word) != nullptr) found.push_back(root.get_name() + " " + word);
  for (CLI::App* family : root.get_subcommands({})) {
    const CLI::App* const command = find_command(*family, word);
    if (command != nullptr && !command->get_group().empty())
      found.push_back(root.get_name() + " " + family->get_name() + " " + word);
  }
  const bool is_operation = std::ranges::any_of(
      api::kOperations, [&](const api::Operation& each) { return letters_of(each.name) == letters_of(word); });
  if (is_operation) found.push_back(root.get_name() + " api " + word);
  return found;
}

/// "; did you mean …?" for a word that is not a command of the last app; empty if nothing is similar.
std::string command_suggestion(const std::vector<CLI::App*>& apps, const std::string& word) {
  std::string list;
  for (const std::string& each : same_name_elsewhere(*apps.front(), word)) list += (list.empty() ? "" : " or ") + each;
  if (!list.empty()) return "; did you mean " + list + "?";
  std::vector<std::string> names;
  for (const CLI::App* command : apps.back()->get_subcommands({})) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  std::string nearest = suggestion(word, names);
  // The word is a whole statement; names are single words.
  const std::size_t blank = word.find_first_of(" \t\n");
  const std::string first = core::lowered(std::string_view(word).substr(0, blank));
  if (blank != std::string::npos &&
      (first == "select" || first == "insert" || first == "update" || first == "delete" || first == "exists"))
    return "; did you mean stator ddb sql or stator db query?";
  const auto* const other = std::ranges::find(kOtherNames, word, &OtherName::word);
  if (!nearest.empty() || other == std::end(kOtherNames)) return nearest;
  return "; did you mean " + std::string(other->command) + "?";
}

bool has_commands(CLI::App& app) { return !app.get_subcommands({}).empty(); }

bool has_positionals(CLI::App& app) {
  const auto options = app.get_options();
  return std::any_of(options.begin(), options.end(),
                     [](const CLI::Option* option) { return option->get_positional(); });
}

}  // namespace

std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c != '-') letters += core::lower(c);
  }
  return letters;
}

std::vector<std::string> command_of_program_name(const std::string& program_name) {
  std::vector<std::string> words;
  for (const std::filesystem::path& part : std::filesystem::path(program_name)) {
    const std::string word = part.string();
    if (word == "ddb" || word == "db" || word == "rds") {
      words.assign(1, word);
    } else if (!words.empty()) {
      words.push_back(word);
    }
  }
  return words.size() >= 2 && words.size() <= 3 ? words : std::vector<std::string>();
}

std::optional<std::string> early_option(const std::vector<std::string>& arguments, const std::string& option) {
  std::optional<std::string> value;
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (arguments[i].starts_with(option + "=")) value = arguments[i].substr(option.size() + 1);
    if (arguments[i] == option && i + 1 < arguments.size()) value = arguments[i + 1];
  }
  return value;
}

namespace {

/// Put before a word in brackets, so that it does not begin with a bracket. Command lines do not contain it otherwise.
constexpr char kGuard = '\x01';

}  // namespace

CLI::Option* add_words(CLI::App& command, const std::string& name, std::vector<std::string>& words,
                       const std::string& description) {
  return command.add_option(name, words, description)
      ->transform([](std::string word) { return !word.empty() && word.front() == kGuard ? word.substr(1) : word; }, "")
      ->type_name("");
}

void guard_words(const CommandPath& path, std::vector<std::string>& arguments) {
  const auto options = path.apps.back()->get_options();
  const bool takes_words = std::any_of(options.begin(), options.end(), [](const CLI::Option* option) {
    return option->get_positional() && option->get_items_expected_max() > 1;
  });
  if (!takes_words) return;
  for (const std::size_t at : path.words_at) {
    std::string& word = arguments[at];
    if (word.starts_with('[') && word.ends_with(']')) word.insert(word.begin(), kGuard);
  }
}

std::string CommandPath::name() const {
  std::string name;
  for (const CLI::App* app : apps) name += (name.empty() ? "" : " ") + app->get_name();
  return name;
}

void refuse_options(const CLI::App& root, const std::string& command, std::initializer_list<const char*> options) {
  for (const char* option : options) {
    if (root.get_option(option)->count() > 0)
      throw CommandError("stator: " + command + " takes no " + option + " (help: stator " + command + " --help)", 2);
  }
}

CLI::Validator is_url() {
  const auto check = [](const std::string& text) {
    try {
      if (!text.empty()) http::parse_url(text);
      return std::string();
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
  };
  return CLI::Validator(check, "");
}

CLI::Validator is_region() {
  const auto check = [](const std::string& text) {
    return text.empty() || aws::is_region_name(text) ? std::string()
                                                     : "\"" + text + "\" is not the name of an AWS region";
  };
  return CLI::Validator(check, "");
}

CLI::Validator number_in(double least, double most) {
  const auto check = [least, most](const std::string& text) {
    double number = 0;
    if (CLI::detail::lexical_cast(text, number) && number >= least && number <= most) return std::string();
    std::ostringstream why;
    why.precision(12);
    why << "Value " << text << " not in range " << least << " to " << most;
    return why.str();
  };
  return CLI::Validator(check, "");
}

CLI::Validator named_value(const std::map<std::string, std::string>& names) {
  std::string list;
  for (const auto& [name, value] : names) list += (list.empty() ? "{" : ",") + name;
  list += "}";
  const auto transform = [names, list](std::string& text) {
    for (const auto& [name, value] : names) {
      if (text != name && text != value) continue;
      text = value;
      return std::string();
    }
    return text + " not in " + list;
  };
  return CLI::Validator(transform, list);
}

CommandPath follow(CLI::App& root, const std::vector<std::string>& arguments) {
  CommandPath path;
  path.apps.push_back(&root);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    CLI::App& app = *path.apps.back();
    if (word == "--") {
      for (std::size_t at = i + 1; at < arguments.size(); ++at) path.words_at.push_back(at);
      if (!path.words_at.empty() && !has_positionals(app) && !app.get_allow_extras())
        path.mistake = "\"" + path.name() + "\" takes no argument \"" + arguments[path.words_at.front()] + "\"";
      return path;
    }
    if (word.size() > 1 && word[0] == '-') {
      const bool is_long = word[1] == '-';
      const std::size_t equals = word.find('=');
      const std::string name = is_long ? word.substr(0, equals) : word.substr(0, 2);
      const CLI::Option* option = find_option(path.apps, name);
      if (option == nullptr) {
        const bool is_number = !is_long && word[1] >= '0' && word[1] <= '9';
        if (is_number || app.get_allow_extras()) continue;
        path.mistake = "unknown option " + name + " for \"" + path.name() + "\"" + option_suggestion(path.apps, name);
        return path;
      }
      const bool has_own_value = is_long ? equals != std::string::npos : word.size() > 2;
      if (option->get_expected_min() > 0 && option->get_type_size() > 0 && !has_own_value) ++i;
      continue;
    }
    if (CLI::App* command = find_command(app, word)) {
      path.apps.push_back(command);
      continue;
    }
    (word == "prod" ? path.prod_at : path.words_at).push_back(i);
    if (word == "prod" || has_positionals(app) || app.get_allow_extras()) continue;
    if (has_commands(app)) {
      path.mistake =
          "unknown command \"" + word + "\" for \"" + path.name() + "\"" + command_suggestion(path.apps, word);
    } else {
      path.mistake = "\"" + path.name() + "\" takes no argument \"" + word + "\"";
    }
    return path;
  }
  return path;
}

}  // namespace stator::cli
