#include "cli/completion.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <sstream>

#include "api/operations.h"
#include "aws/config.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/target.h"
#include "json/reader.h"
#include "model/model.h"

namespace stator::cli {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// The values that an option's check lists, "FORMAT:{csv,jsonl}"; empty if it lists none.
std::vector<std::string> listed_values(const CLI::Option& option) {
  const std::string text = option.get_type_name();
  const std::size_t begin = text.find('{');
  const std::size_t end = text.find('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  std::vector<std::string> values;
  std::istringstream list(text.substr(begin + 1, end - begin - 1));
  for (std::string value; std::getline(list, value, ',');) values.push_back(value);
  return values;
}

class Completer {
 public:
  Completer(CLI::App& root, const std::vector<std::string>& words, const Session& session)
      : words_(words.begin(), words.end() - 1),
        current_(words.back()),
        session_(session),
        path_(follow(root, words_)),
        app_(*path_.apps.back()) {}

  Completion complete() {
    if (const CLI::Option* option = option_before()) {
      add_values(*option, "");
    } else if (const std::size_t equals = current_.find('=');
               current_.starts_with("--") && equals != std::string::npos) {
      const CLI::Option* of = find_option(current_.substr(0, equals));
      if (of != nullptr) add_values(*of, current_.substr(0, equals + 1));
    } else if (current_.starts_with('-')) {
      add_options();
    } else {
      add_commands();
      if (const CLI::Option* next = next_positional()) add_positional(*next);
      if (takes_prod(app_) && path_.prod_at.empty()) add("prod", "Work on production");
      if (completion_.candidates.empty() && !completion_.files) add_options();
    }
    return std::move(completion_);
  }

 private:
  void add(const std::string& word, const std::string& description) {
    if (!word.starts_with(current_) || !known_.insert(word).second) return;
    completion_.candidates.push_back({word, description.substr(0, description.find('\n'))});
  }

  [[nodiscard]] std::vector<const CLI::Option*> options() const {
    std::vector<const CLI::Option*> found;
    for (auto app = path_.apps.rbegin(); app != path_.apps.rend(); ++app) {
      // The options of a family are also for its commands.
      for (const CLI::Option* option : (*app)->get_options()) {
        if (!option->get_group().empty() && option->nonpositional()) found.push_back(option);
      }
    }
    return found;
  }

  [[nodiscard]] const CLI::Option* find_option(const std::string& flag) const {
    for (const CLI::Option* option : options()) {
      if (std::ranges::count(option_flags(*option), flag) > 0) return option;
    }
    return nullptr;
  }

  /// The option whose value is at the cursor.
  [[nodiscard]] const CLI::Option* option_before() const {
    if (words_.empty()) return nullptr;
    const CLI::Option* option = find_option(words_.back());
    return option != nullptr && takes_value(*option) ? option : nullptr;
  }

  /// The positional at the cursor; the last one may take any number of words.
  [[nodiscard]] const CLI::Option* next_positional() const {
    std::vector<const CLI::Option*> positionals;
    for (const CLI::Option* option : app_.get_options()) {
      if (option->get_positional()) positionals.push_back(option);
    }
    const std::size_t given = path_.words_at.size();
    if (given < positionals.size()) return positionals[given];
    return positionals.empty() || positionals.back()->get_items_expected_max() <= 1 ? nullptr : positionals.back();
  }

  void add_commands() {
    if (!path_.words_at.empty()) return;
    for (const CLI::App* command : shown_commands(app_)) add(command->get_name(), command->get_description());
    if (app_.get_name() != "patterns") return;
    // A name that two models have is shown with the model's name.
    for (const auto& [listed, name] : session_.pattern_commands) {
      if (current_.find('/') != std::string::npos) add(listed, "");
    }
  }

  void add_options() {
    for (const CLI::Option* option : options()) {
      for (const std::string& flag : option_flags(*option)) {
        if (flag.starts_with("--") || flag.starts_with(current_)) add(flag, option->get_description());
      }
    }
  }

  void add_positional(const CLI::Option& option) {
    const std::string& name = option.get_single_name();
    for (const std::string& value : listed_values(option)) add(value, "");
    if (is_one_of(name, {"TABLE", "SOURCE", "DESTINATION"})) add_tables("");
    completion_.files = is_one_of(name, {"FILE", "DIR", "SOURCE", "DESTINATION"});
    if (name == "MODEL") add_models("");
    if (name == "NAME" && is_one_of(full_name(app_), {"stator snapshot restore", "stator snapshot drop"}))
      add_snapshots();
    if (name == "OPERATION") {
      for (const api::Operation& operation : api::kOperations) add(std::string(operation.name), "");
    }
  }

  void add_snapshots() {
    const std::string text = output_of({"snapshot", "list", "--output", "json"});
    json::Parser parser;
    json::Array snapshots;
    try {
      if (parser.parse(text)["snapshots"].get(snapshots) != simdjson::SUCCESS) return;
    } catch (const std::exception&) {
      return;
    }
    for (const json::Value snapshot : snapshots) {
      std::string_view name;
      std::string_view saved;
      if (snapshot["name"].get(name) != simdjson::SUCCESS) continue;
      if (snapshot["saved"].get(saved) != simdjson::SUCCESS) saved = {};
      add(std::string(name), std::string(saved));
    }
  }

  /// The values of an option, after `before` ("--output=").
  void add_values(const CLI::Option& option, const std::string& before) {
    const std::string name = value_name(option);
    const std::vector<std::string> flags = option_flags(option);
    const auto is = [&flags](const char* flag) { return std::ranges::count(flags, flag) > 0; };
    for (const std::string& value : listed_values(option)) add(before + value, "");
    if (name == "true|false") {
      add(before + "true", "");
      add(before + "false", "");
    } else if (name == "HANDLE") {
      add_handles(before);
    } else if (is("--model")) {
      add_models(before);
    } else if (is("--profile")) {
      add_profiles(before);
    } else if (is("--index")) {
      add_indexes(before);
    } else if (is("--yes") || (is("--table") && name != "FILE")) {
      add_tables(before);
    }
    completion_.files = is_one_of(name, {"FILE", "DIR", "PATH"});
  }

  void add_models(const std::string& before) {
    for (const std::string& model : models()) add(before + model, "");
  }

  void add_profiles(const std::string& before) {
    try {
      for (const std::string& profile : aws::Files(aws_environment(session_)).profiles()) add(before + profile, "");
    } catch (const aws::ConfigurationError&) {
      // A command that needs the file will report what is wrong with it.
    }
  }

  void add_handles(const std::string& before) {
    for (const std::string& name : models()) {
      try {
        for (const model::User& user : model::load_model(std::filesystem::path(session_.models_directory) / name).users)
          add(before + user.handle, user.display_name);
      } catch (const std::exception&) {
        // A command that needs the model will report what is wrong with it.
      }
    }
  }

  [[nodiscard]] std::vector<std::string> models() const {
    if (session_.models_directory.empty()) return {};
    try {
      return model::list_models(session_.models_directory);
    } catch (const std::exception&) {
      return {};
    }
  }

  void add_tables(const std::string& before) {
    std::istringstream lines(output_of({"tables"}));
    for (std::string table; std::getline(lines, table);) add(before + table, "");
  }

  void add_indexes(const std::string& before) {
    if (path_.words_at.empty()) return;
    const std::string text = output_of({"describe", words_[path_.words_at.front()], "--output", "json"});
    json::Parser parser;
    json::Value description;
    try {
      description = parser.parse(text);
    } catch (const std::exception&) {
      return;
    }
    json::Value table;
    if (description["Table"].get(table) == simdjson::SUCCESS) description = table;
    for (const char* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes", "VectorIndexes"}) {
      json::Array indexes;
      if (description[kind].get(indexes) != simdjson::SUCCESS) continue;
      for (const json::Value index : indexes) {
        std::string_view name;
        if (index["IndexName"].get(name) == simdjson::SUCCESS) add(before + std::string(name), "");
      }
    }
  }

  /// The output of a reading command on the database that the line names; empty if it fails.
  [[nodiscard]] std::string output_of(std::vector<std::string> arguments) const {
    for (const char* option : {"--data", "--endpoint-url", "--region", "--profile"}) {
      if (const auto value = early_option(words_, option)) {
        arguments.emplace_back(option);
        arguments.push_back(*value);
      }
    }
    if (!path_.prod_at.empty()) arguments.emplace_back("prod");
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Session session;
    session.in = &in;
    session.out = &out;
    session.err = &err;
    std::vector<const char*> argv = {"stator"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    const int status = run(static_cast<int>(argv.size()), argv.data(), session);
    return status == 0 ? out.str() : std::string();
  }

  const std::vector<std::string> words_;
  const std::string current_;
  const Session& session_;
  const CommandPath path_;
  const CLI::App& app_;
  Completion completion_;
  std::set<std::string> known_;
};

}  // namespace

Completion complete(CLI::App& root, const std::vector<std::string>& words, const Session& session) {
  return Completer(root, words, session).complete();
}

void print(const Completion& completion, std::ostream& out) {
  for (const auto& [word, description] : completion.candidates) out << word << "\t" << description << "\n";
  if (completion.files) out << ":files\n";
}

}  // namespace stator::cli
