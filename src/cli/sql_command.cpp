#include "cli/sql_command.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <set>
#include <sstream>

#include "cli/arguments.h"
#include "cli/file_error.h"
#include "cli/item_printing.h"
#include "cli/line_reader.h"
#include "cli/state_directory.h"
#include "cli/target.h"
#include "cli/terminal.h"
#include "core/utf8.h"
#include "toolkit/call.h"
#include "toolkit/guard.h"
#include "toolkit/item_output.h"
#include "toolkit/plain_json.h"
#include "toolkit/statements.h"
#include "toolkit/tables.h"
#include "toolkit/text_table.h"

namespace stator::cli {
namespace {

struct SqlOptions {
  std::string statement;
  std::string file;
  toolkit::StatementOptions run;
};

/// "0.5", with as few digits as possible.
std::string units_text(double units) {
  std::ostringstream text;
  text << units;
  return text.str();
}

std::string summary(const toolkit::StatementResult& result) {
  char milliseconds[32];
  std::snprintf(milliseconds, sizeof milliseconds, "%.1f", static_cast<double>(result.time.count()) / 1000);
  std::string text = counted(result.items, "item");
  if (result.pages > 1) text += " in " + std::to_string(result.pages) + " pages";
  return text + ", " + units_text(result.capacity_units) +
         (result.capacity_units == 1 ? " capacity unit, " : " capacity units, ") + milliseconds + " ms";
}

/// Runs statements and prints their results.
class Runner {
 public:
  Runner(Session& session, const SqlOptions& options)
      : session_(session), options_(options), endpoint_(open_endpoint(session, Waits::kForUser)) {
    if (!draws_tables())
      output_.emplace(
          toolkit::make_item_output(item_format(session.output), *session.out, output_options(session, {})));
  }

  [[nodiscard]] endpoint::Endpoint& endpoint() { return *endpoint_; }
  [[nodiscard]] const std::set<std::string>& attributes() const { return attributes_; }

  void run(const std::string& statement) {
    const toolkit::StatementResult result =
        toolkit::run_statement(*endpoint_, statement, options_.run, [this](const json::Array& items) { show(items); });
    if (draws_tables()) *session_.out << summary(result) << "\n" << std::flush;
  }

  void finish() {
    if (output_ && !session_.dry_run) output_->finish();
  }

 private:
  [[nodiscard]] bool draws_tables() const {
    return session_.output == OutputFormat::kHuman || session_.output == OutputFormat::kTable;
  }

  /// Prints each page as a table: columns in the order in which attributes first occur, as wide as the terminal is now.
  void show(const json::Array& items) {
    std::unique_ptr<toolkit::ItemOutput> table;
    if (!output_) {
      table = toolkit::make_item_output(
          toolkit::ItemFormat::kTable, *session_.out,
          {.width = session_.out_is_terminal ? terminal_columns() : 0, .colour = session_.colour});
    }
    for (const json::Value value : items) {
      json::Object item;
      if (value.get(item) != simdjson::SUCCESS) continue;
      for (const auto attribute : item) attributes_.emplace(attribute.key);
      if (table) {
        table->write(item);
      } else {
        output_->write(item);
      }
    }
    if (table) table->finish();
  }

  Session& session_;
  const SqlOptions& options_;
  std::unique_ptr<endpoint::Endpoint> endpoint_;
  std::optional<toolkit::ItemWriter> output_;
  std::set<std::string> attributes_;
};

/// The words that the prompt completes: keywords, tables with their indexes and keys, and attributes of earlier
/// results.
class Words {
 public:
  explicit Words(Runner& runner) : runner_(runner) {}

  std::vector<std::string> operator()(const std::string& word) {
    if (!asked_) ask();
    std::set<std::string> all(known_.begin(), known_.end());
    all.insert(runner_.attributes().begin(), runner_.attributes().end());
    std::vector<std::string> matching;
    std::ranges::copy_if(all, std::back_inserter(matching), [&](const auto& text) { return text.starts_with(word); });
    return matching;
  }

 private:
  /// Looks up tables and keys; called once, when the first word is completed.
  void ask() {
    asked_ = true;
    constexpr std::size_t kMostDescribed = 20;
    for (const char* keyword : {"SELECT",
                                "FROM",
                                "WHERE",
                                "AND",
                                "OR",
                                "NOT",
                                "IN",
                                "BETWEEN",
                                "IS",
                                "MISSING",
                                "NULL",
                                "ORDER BY",
                                "DESC",
                                "INSERT INTO",
                                "VALUE",
                                "UPDATE",
                                "SET",
                                "REMOVE",
                                "DELETE FROM",
                                "RETURNING ALL OLD *",
                                "RETURNING ALL NEW *",
                                "RETURNING MODIFIED OLD *",
                                "RETURNING MODIFIED NEW *",
                                "begins_with(",
                                "contains(",
                                "size(",
                                "attribute_type(",
                                "attribute_exists(",
                                "attribute_not_exists(",
                                "list_append(",
                                "set_add(",
                                "set_delete(",
                                "if_not_exists("}) {
      known_.emplace(keyword);
    }
    const std::vector<std::string> tables = toolkit::list_tables(runner_.endpoint());
    known_.insert(tables.begin(), tables.end());
    for (std::size_t i = 0; i < std::min(tables.size(), kMostDescribed); ++i) add_description(tables[i]);
  }

  void add_description(const std::string& table) {
    toolkit::RequestBuilder request;
    const std::string reply =
        toolkit::call(runner_.endpoint(), "DescribeTable", request.text("TableName", table).str());
    json::Parser parser;
    const json::Value root = parser.parse(reply);
    add_names(root["Table"]["AttributeDefinitions"], "AttributeName");
    add_names(root["Table"]["GlobalSecondaryIndexes"], "IndexName");
    add_names(root["Table"]["LocalSecondaryIndexes"], "IndexName");
  }

  void add_names(simdjson::simdjson_result<json::Value> list, const char* member) {
    json::Array array;
    if (list.get(array) != simdjson::SUCCESS) return;
    for (const json::Value element : array) {
      std::string_view name;
      if (element[member].get(name) == simdjson::SUCCESS) known_.emplace(name);
    }
  }

  Runner& runner_;
  bool asked_ = false;
  std::set<std::string> known_;
};

std::filesystem::path history_file() {
  const std::filesystem::path directory = state_directory();
  return directory.empty() ? directory : directory / "sql_history";
}

/// Reads and runs statements, each ended by a semicolon. After an error, prints it and goes on.
void prompt(Session& session, Runner& runner) {
  Words words(runner);
  LineReader reader(session, history_file(), [&words](const std::string& word) { return words(word); });
  *session.out << "PartiQL on " << runner.endpoint().describe() << "; end statements with ; and leave with \\q\n";
  std::string pending;
  while (true) {
    const auto line = reader.read(pending.empty() ? "sql> " : "...> ");
    if (!line && reader.interrupted()) {  // Ctrl-C drops the statement that was begun
      pending.clear();
      continue;
    }
    if (!line) break;
    if (pending.empty() && (*line == "\\q" || *line == "exit" || *line == "quit")) break;
    if (pending.empty() && (*line == "help" || *line == "\\?")) {
      *session.out << "Statements are PartiQL, each ended by ; as SELECT * FROM \"TABLE\";\n"
                      "TAB completes words, tables and attributes; \\q, exit or quit leaves.\n";
      continue;
    }
    std::string rest;
    const auto statements = toolkit::split_statements(pending + *line + "\n", &rest);
    for (const toolkit::Statement& statement : statements) {
      reader.remember(statement.text + ";");
      try {
        runner.run(statement.text);
      } catch (const toolkit::DryRunEnd&) {
        // It was printed.
      } catch (const toolkit::OperationError& error) {
        *session.err << toolkit::printable(toolkit::describe(error)) << "\n";
      } catch (const std::runtime_error& error) {
        *session.err << toolkit::printable(error.what()) << "\n";
      }
    }
    pending = std::move(rest);
  }
  *session.out << "\n";
}

/// Runs the statements of a text up to the first that fails. `of`, if not empty, is the file that the error names, with
/// the line.
void run_all(Runner& runner, std::string_view text, const std::string& of) {
  for (const toolkit::Statement& statement : toolkit::split_statements(core::without_byte_order_mark(text))) {
    try {
      runner.run(statement.text);
    } catch (const toolkit::DryRunEnd&) {
      // It was printed; the next statement does not depend on it.
    } catch (const toolkit::OperationError& error) {
      if (of.empty()) throw;
      throw CommandError(of + ":" + std::to_string(statement.line) + ": " + toolkit::describe(error));
    }
  }
}

std::string read_all(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

std::string read_file(const std::string& name) {
  errno = 0;
  std::ifstream in(name, std::ios::binary);
  if (!in) throw file_error("read", name);
  try {
    return read_all(in);
  } catch (const std::ios_base::failure&) {
    throw file_error("read", name);
  }
}

void sql(Session& session, SqlOptions options) {
  if (!options.run.parameters_json.empty()) {
    try {
      options.run.parameters_json = toolkit::statement_parameters(options.run.parameters_json);
    } catch (const toolkit::PlainJsonError& error) {
      throw CommandError(std::string("stator: --parameters: ") + error.what(), 2);
    }
  }
  std::string text = options.statement;
  const bool asks = text.empty() && options.file.empty() && session.in_is_terminal;
  if (!options.file.empty()) {
    text = read_file(options.file);
  } else if (text.empty() && !asks) {
    text = read_all(*session.in);
  }
  Runner runner(session, options);
  if (asks) {
    prompt(session, runner);
  } else {
    run_all(runner, text, options.file.empty() && options.statement.empty() ? "standard input" : options.file);
  }
  runner.finish();
}

}  // namespace

void add_sql_command(CLI::App& ddb, Session& session) {
  auto* command = ddb.add_subcommand("sql", "Run PartiQL statements: one, a file's, or at a prompt");
  const auto options = std::make_shared<SqlOptions>();
  auto* statement =
      command->add_option("STATEMENT", options->statement, "The statement (default: standard input, or a prompt)");
  command->add_option("--file", options->file, "A file of statements separated by semicolons")
      ->type_name("FILE")
      ->excludes(statement);
  command
      ->add_option("--parameters", options->run.parameters_json,
                   "The values of the statement's ?, e.g. [\"a\", 1] or [{\"S\": \"a\"}, {\"N\": \"1\"}]")
      ->type_name("JSON");
  command->add_option("--limit", options->run.limit, "At most this many items per statement")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, kMostItems));
  command->add_flag("--consistent", options->run.consistent, "Strongly consistent reads");
  command->footer(
      "Example: stator ddb sql \"SELECT * FROM \\\"cruddur-messages\\\" WHERE pk = 'GRP#1'\" --output json");
  command->callback([options, &session] { sql(session, *options); });
}

}  // namespace stator::cli
