#include "cli/pattern_commands.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <ostream>

#include "cli/file_error.h"
#include "cli/table.h"
#include "cli/target.h"
#include "cli/word_text.h"
#include "json/writer.h"
#include "model/model.h"
#include "toolkit/pattern_check.h"
#include "toolkit/pattern_run.h"

namespace stator::cli {
namespace {

using Models = std::vector<model::Model>;

/// 0.5, 1, 12.5
std::string units(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

std::string json_text(std::string_view text) {
  std::string out;
  json::append_string(text, out);
  return out;
}

std::string value_name(const model::Parameter& parameter) {
  switch (parameter.type) {
    case model::ParameterType::kUuid:
      return "UUID";
    case model::ParameterType::kTime:
      return "TIME";
    case model::ParameterType::kHandle:
      return "HANDLE";
    case model::ParameterType::kInteger:
    case model::ParameterType::kNumber:
      return "N";
    case model::ParameterType::kBoolean:
      return "true|false";
    case model::ParameterType::kString:
      return "TEXT";
  }
  return "";
}

// --- the list ------------------------------------------------------------------------------------------------------

std::string parameter_json(const model::Parameter& parameter) {
  std::string text = "{\"name\":" + json_text(parameter.name) +
                     ",\"type\":" + json_text(model::type_name(parameter.type)) +
                     ",\"description\":" + json_text(parameter.description);
  if (parameter.default_value) text += ",\"default\":" + json_text(*parameter.default_value);
  return text + "}";
}

void list_as_json(const Session& session, const Models& models) {
  std::string text = "[";
  for (const model::Model& model : models) {
    for (const model::Pattern& pattern : model.patterns) {
      if (text.size() > 1) text += ',';
      text += "{\"model\":" + json_text(model.name) + ",\"pattern\":" + json_text(pattern.name) +
              ",\"description\":" + json_text(pattern.description) + ",\"operation\":" + json_text(pattern.operation) +
              ",\"budget\":" + units(pattern.budget) + ",\"parameters\":[";
      for (const model::Parameter& parameter : pattern.parameters) {
        if (text.back() != '[') text += ',';
        text += parameter_json(parameter);
      }
      text += "]}";
    }
  }
  print_json(session, text + "]");
}

void list_patterns(const Session& session, const Models& models) {
  require_human_or_json(session);
  if (session.output == OutputFormat::kJson) return list_as_json(session, models);
  constexpr std::size_t kIndent = 4;
  constexpr std::size_t kColumn = 28;
  const char* bold = session.colour ? "\033[1m" : "";
  const char* plain = session.colour ? "\033[0m" : "";
  for (const model::Model& model : models) {
    for (const model::Pattern& pattern : model.patterns) {
      *session.out << bold << model.name << "/" << pattern.name << plain << "\n  " << pattern.description << " ("
                   << pattern.operation << ", at most " << units(pattern.budget)
                   << (pattern.budget == 1 ? " capacity unit)\n" : " capacity units)\n");
      for (const model::Parameter& parameter : pattern.parameters) {
        std::string name = std::string(kIndent, ' ') + "--" + parameter.name + " " + value_name(parameter);
        name.resize(std::max(name.size() + 2, kColumn), ' ');
        *session.out << name << parameter.description;
        if (parameter.default_value) *session.out << " (default " << *parameter.default_value << ")";
        *session.out << "\n";
      }
    }
  }
}

// --- the check -----------------------------------------------------------------------------------------------------

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

/// The verdicts as a JUnit file, which CI systems read.
void write_junit(const std::vector<toolkit::PatternVerdict>& verdicts, std::size_t faults, const std::string& file) {
  errno = 0;
  std::ofstream out(file, std::ios::trunc);
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"patterns check\" tests=\"" << verdicts.size()
      << "\" failures=\"" << faults << "\">\n";
  for (const auto& verdict : verdicts) {
    out << "  <testcase classname=\"" << xml_text(verdict.model) << "\" name=\"" << xml_text(verdict.pattern)
        << (verdict.variant.empty() ? "" : " ") << xml_text(verdict.variant) << "\"";
    if (verdict.fault.empty()) {
      out << "/>\n";
    } else {
      out << ">\n    <failure message=\"" << xml_text(verdict.fault) << "\"/>\n  </testcase>\n";
    }
  }
  out << "</testsuite>\n";
  out.close();
  if (!out) throw file_error("write", file);
}

void check_patterns(Session& session, const Models& models, const std::string& junit_file) {
  require_human_or_json(session);
  const auto verdicts = toolkit::check_patterns(models);
  std::size_t faults = 0;
  for (const auto& verdict : verdicts) faults += verdict.fault.empty() ? 0U : 1U;
  if (faults > 0) session.exit_code = 1;
  if (!junit_file.empty()) write_junit(verdicts, faults, junit_file);
  if (session.output == OutputFormat::kJson) {
    std::string text = "[";
    for (const auto& verdict : verdicts) {
      if (text.size() > 1) text += ',';
      text += "{\"model\":" + json_text(verdict.model) + ",\"pattern\":" + json_text(verdict.pattern) +
              (verdict.variant.empty() ? "" : ",\"variant\":" + json_text(verdict.variant)) +
              ",\"items\":" + std::to_string(verdict.items) + ",\"capacity\":" + units(verdict.capacity) +
              ",\"budget\":" + units(verdict.budget) +
              (verdict.cache_ttl_s ? ",\"cache\":{\"ttl_s\":" + std::to_string(*verdict.cache_ttl_s) +
                                         ",\"saves\":" + units(verdict.saved) + "}"
                                   : "") +
              ",\"verdict\":" + json_text(verdict.fault.empty() ? "passed" : verdict.fault) +
              ",\"passed\":" + (verdict.fault.empty() ? "true" : "false") + "}";
    }
    return print_json(session, text + "]");
  }
  const bool any_cached =
      std::ranges::any_of(verdicts, [](const auto& verdict) { return verdict.cache_ttl_s.has_value(); });
  Table table{"patterns check", {"pattern", "items", "capacity", "budget"}, {}};
  if (any_cached) table.headings.insert(table.headings.end(), {"cached", "a hit saves"});
  table.headings.emplace_back("verdict");
  for (const auto& verdict : verdicts) {
    std::vector<std::string> row = {
        verdict.model + "/" + verdict.pattern + (verdict.variant.empty() ? "" : " ") + verdict.variant,
        std::to_string(verdict.items), units(verdict.capacity), units(verdict.budget)};
    if (any_cached && verdict.cache_ttl_s) {
      row.insert(row.end(), {std::to_string(*verdict.cache_ttl_s) + " s", units(verdict.saved)});
    } else if (any_cached) {
      row.insert(row.end(), {"", ""});
    }
    row.push_back(verdict.fault.empty() ? "passed" : verdict.fault);
    table.rows.push_back(std::move(row));
  }
  draw(table, *session.out, session.colour);
}

// --- one pattern ---------------------------------------------------------------------------------------------------

struct PatternOptions {
  /// values[i] and options[i] belong to the pattern's i-th parameter; a value counts only if its option was given.
  std::vector<std::string> values;
  std::vector<CLI::Option*> options;
  std::string next;
  bool quiet = false;
};

void print_lines(const Session& session, const model::Pattern& pattern, const toolkit::PatternReply& reply) {
  std::vector<std::string> items = toolkit::items_of_reply(reply.json);
  if (pattern.printing.reversed) std::reverse(items.begin(), items.end());
  for (const std::string& item : items) {
    *session.out << (pattern.printing.columns.empty() ? item : toolkit::format_line(pattern.printing.columns, item))
                 << "\n";
  }
}

void print_for_people(const Session& session, const model::Pattern& pattern, const toolkit::PatternReply& reply,
                      bool quiet) {
  if (!quiet) {
    if (!reply.heading.empty()) *session.out << reply.heading << "\n";
    if (pattern.printing.response) *session.out << json::pretty(reply.json, true) << "\n";
    if (pattern.printing.capacity)
      *session.out << json::pretty(toolkit::consumed_capacity_json(reply.json), true) << "\n";
  }
  const bool has_lines = !pattern.printing.columns.empty() && !pattern.printing.lines_only_when_quiet;
  if (quiet || has_lines) print_lines(session, pattern, reply);
}

void run_pattern(Session& session, const model::Model& model, const model::Pattern& pattern,
                 const PatternOptions& options) {
  require_human_or_json(session);
  toolkit::PatternRequest request;
  for (std::size_t i = 0; i < pattern.parameters.size(); ++i) {
    if (options.options[i]->count() > 0) request.parameters[pattern.parameters[i].name] = options.values[i];
  }
  request.next_token = options.next;
  const auto users = open_users(session, model);
  Session of_pattern = session;
  // The command line takes precedence over the model.
  if (pattern.cache_ttl_s && !session.cache.empty() && session.cache_lifetimes.empty()) {
    of_pattern.cache_lifetimes.push_back(pattern.operation + "=" + std::to_string(*pattern.cache_ttl_s));
  }
  const auto endpoint = open_endpoint(of_pattern);
  toolkit::PatternReply reply;
  try {
    reply = toolkit::run_pattern(*endpoint, pattern, *users, request);
  } catch (const toolkit::OperationError& error) {
    throw model_table_error(error, model);
  }
  if (session.output == OutputFormat::kJson) {
    std::string text = reply.json;
    if (!reply.next_token.empty()) text.insert(text.rfind('}'), ",\"NextToken\":" + json_text(reply.next_token));
    *session.out << json::pretty(text, true) << "\n";
    return;
  }
  print_for_people(session, pattern, reply, options.quiet);
  session.out->flush();
  if (!reply.next_token.empty()) *session.err << "more: --next " << reply.next_token << "\n";
}

/// The command line that runs the pattern's example.
std::string example_line(const model::Pattern& pattern, const std::string& name) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+,";
  std::string line = "stator ddb patterns " + name;
  for (const auto& [parameter, value] : pattern.example) {
    const bool is_plain = !value.empty() && value.find_first_not_of(kPlain) == std::string::npos;
    line += " --" + parameter + "=" + (is_plain ? value : quoted_for_shell(value));
  }
  return line;
}

void add_pattern(CLI::App& patterns, Session& session, const std::shared_ptr<const Models>& models,
                 const model::Model& model, const model::Pattern& pattern, const std::string& name) {
  auto* command = patterns.add_subcommand(name, pattern.description);
  const auto options = std::make_shared<PatternOptions>();
  options->values.resize(pattern.parameters.size());
  for (std::size_t i = 0; i < pattern.parameters.size(); ++i) {
    const model::Parameter& parameter = pattern.parameters[i];
    auto* option = command->add_option("--" + parameter.name, options->values[i], parameter.description)
                       ->type_name(value_name(parameter));
    if (parameter.default_value) option->default_str(*parameter.default_value);
    options->options.push_back(option);
    session.may_be_empty.insert(option);
  }
  if (pattern.is_paged())
    command->add_option("--next", options->next, "Continue where a page ended, by the token it printed")
        ->type_name("TOKEN");
  command->add_flag("--quiet", options->quiet, "Print only the items' lines");
  command->footer("Example: " + example_line(pattern, name));
  // `models` keeps the pattern alive.
  command->callback([options, models, &session, &model, &pattern] { run_pattern(session, model, pattern, *options); });
}

std::size_t count_patterns(const Models& models, const std::string& name) {
  std::size_t count = 0;
  for (const model::Model& model : models) {
    for (const model::Pattern& pattern : model.patterns) count += pattern.name == name ? 1U : 0U;
  }
  return count;
}

std::shared_ptr<const Models> load_models(const Session& session) {
  return std::make_shared<const Models>(model::load_models(session.models_directory));
}

/// A check without models, as of a misspelt directory, must not pass.
std::shared_ptr<const Models> require_models(const Session& session) {
  auto models = load_models(session);
  if (models->empty()) throw CommandError("stator: no models in " + session.models_directory);
  return models;
}

}  // namespace

void add_pattern_commands(CLI::App& ddb, Session& session) {
  auto* patterns = ddb.add_subcommand("patterns", "List the models' access patterns, run them, check them");
  patterns->require_subcommand(0, 1);
  patterns->footer("Example: stator ddb patterns get-conversation --limit 5");
  patterns->callback([patterns, &session] {
    if (patterns->get_subcommands().empty()) list_patterns(session, *require_models(session));
  });
  auto* check =
      patterns->add_subcommand("check", "Run every pattern and variant with its example on a freshly seeded database");
  check->footer(
      "Exits with 1 if one scans, exceeds its capacity budget or returns nothing.\n"
      "Example: stator ddb patterns check");
  const auto junit_file = std::make_shared<std::string>();
  check->add_option("--junit", *junit_file, "Also write the verdicts to this file as JUnit XML")->type_name("FILE");
  check->callback([junit_file, &session] { check_patterns(session, *require_models(session), *junit_file); });
  if (!session.wants_patterns) return;
  const auto models = load_models(session);
  for (const model::Model& model : *models) {
    for (const model::Pattern& pattern : model.patterns) {
      const std::string full = model.name + "/" + pattern.name;
      const std::string name = count_patterns(*models, pattern.name) == 1 ? pattern.name : full;
      add_pattern(*patterns, session, models, model, pattern, name);
      session.pattern_commands[full] = name;
    }
  }
}

}  // namespace stator::cli
