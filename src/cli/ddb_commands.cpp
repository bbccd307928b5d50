#include <algorithm>
#include <ostream>

#include "cli/arguments.h"
#include "cli/backup_commands.h"
#include "cli/bucket_commands.h"
#include "cli/command.h"
#include "cli/insights_command.h"
#include "cli/interrupt.h"
#include "cli/item_printing.h"
#include "cli/pattern_commands.h"
#include "cli/progress_bar.h"
#include "cli/sql_command.h"
#include "cli/table.h"
#include "cli/table_creation.h"
#include "cli/tail_command.h"
#include "cli/target.h"
#include "json/writer.h"
#include "model/pattern.h"
#include "toolkit/item_output.h"
#include "toolkit/scan.h"
#include "toolkit/seed.h"
#include "toolkit/table_info.h"
#include "toolkit/table_update.h"
#include "toolkit/tables.h"

namespace stator::cli {
namespace {

/// Prints a description as the AWS CLI does, or, with --output json, the JSON as received.
void print_description(const Session& session, const std::string& name, const std::string& json) {
  if (session.output == OutputFormat::kJson) {
    std::string text = "{";
    json::append_string(name, text);
    print_json(session, text + ":" + json + "}");
  } else {
    *session.out << toolkit::format_description(name, json);
  }
}

struct SchemaLoadOptions {
  std::string model;
  bool if_not_exists = false;
  bool update = false;
};

/// Updates an existing table to match its model.
void update_table(Session& session, endpoint::Endpoint& endpoint, const toolkit::WantedTable& wanted) {
  const toolkit::TablePlan plan = toolkit::plan_table(endpoint, wanted);
  if (plan.empty()) {
    *session.err << "table " << wanted.name << " is as the model says (" << endpoint.describe() << ")\n";
    return;
  }
  tell_plan(session, plan);
  if (!plan.impossible.empty())
    throw CommandError("stator: nothing was changed: what is marked with ! cannot be changed on a table that exists");
  wait_for_database("the change of table " + wanted.name + " goes on in the database; the same command does the rest",
                    [&] {
                      for (const toolkit::TableChange& change : plan.changes)
                        toolkit::apply(endpoint, wanted.name, change, Interrupt::sleep);
                    });
}

void schema_load(Session& session, const SchemaLoadOptions& options) {
  require_human_or_json(session);
  const model::Model model = load_model(session, options.model);
  const toolkit::WantedTable wanted{model.table_name, model.create_table_json, model.time_to_live_attribute};
  if (options.update) {
    // The guard asks before the first request that writes, after the plan was shown.
    const auto endpoint = open_endpoint(session);
    const auto names = toolkit::list_tables(*endpoint);
    if (std::find(names.begin(), names.end(), model.table_name) != names.end()) {
      update_table(session, *endpoint, wanted);
      const toolkit::TableInfo info = toolkit::describe_table(*endpoint, model.table_name);
      return print_description(session, "TableDescription", info.description_json);
    }
  }
  const CreatedTable table = create_table(session, wanted, options.if_not_exists,
                                          "it differs from the model; what schema-load --update would do:");
  print_description(session, "TableDescription", table.description_json);
}

void add_schema_load(CLI::App& ddb, Session& session) {
  auto* command = ddb.add_subcommand("schema-load", "Create the model's table and wait until it is active");
  const auto options = std::make_shared<SchemaLoadOptions>();
  command->add_option("--model", options->model, "Which model, if there are several")->type_name("NAME");
  command->add_flag("--if-not-exists", options->if_not_exists,
                    "Accept an existing table, and report where it differs from the model");
  command->add_flag("--update", options->update, "Change an existing table to match the model; shows the plan first");
  command->footer("Example: stator ddb schema-load");
  command->callback([options, &session] { schema_load(session, *options); });
}

struct DropOptions {
  std::string table;
};

void drop(Session& session, const DropOptions& options) {
  require_human_or_json(session);
  if (options.table.empty())
    throw CommandError("No TABLE_NAME argument supplied eg ./bin/ddb/drop cruddur-messages prod", 2);
  const auto endpoint = open_to_write(session, "deleting table " + options.table, options.table);
  if (session.output == OutputFormat::kHuman && !session.dry_run)
    *session.out << "deleting table: " << options.table << "\n" << std::flush;
  print_description(session, "TableDescription", toolkit::drop_table(*endpoint, options.table));
}

void add_drop(CLI::App& ddb, Session& session) {
  auto* command = ddb.add_subcommand("drop", "Delete a table with all its items");
  const auto options = std::make_shared<DropOptions>();
  command->add_option("TABLE", options->table, "The table's name");
  command->footer("Example: stator ddb drop cruddur-messages prod");
  command->callback([options, &session] { drop(session, *options); });
}

void list_tables(Session& session) {
  require_human_or_json(session);
  const auto endpoint = open_endpoint(session);
  const std::vector<std::string> names = toolkit::list_tables(*endpoint);
  if (session.output == OutputFormat::kJson) {
    std::string text = "{\"TableNames\":[";
    for (const std::string& name : names) {
      if (text.back() != '[') text += ',';
      json::append_string(name, text);
    }
    print_json(session, text + "]}");
    return;
  }
  if (names.empty()) {
    *session.err << "no tables (" << endpoint->describe() << ")\n";
    return;
  }
  Table table{"ListTables", {}, {}};
  for (const std::string& name : names) table.rows.push_back({name});
  draw(table, *session.out, session.colour);
}

void add_list_tables(CLI::App& ddb, Session& session) {
  auto* command = ddb.add_subcommand("list-tables", "List the names of all tables");
  command->footer("Example: stator ddb list-tables");
  command->callback([&session] { list_tables(session); });
}

struct SeedCommandOptions {
  std::string model;
  toolkit::SeedOptions seed;
};

constexpr std::uint64_t kMostBadLinesTold = 20;

void seed(Session& session, SeedCommandOptions& options) {
  require_human_or_json(session);
  const model::Model model = load_model(session, options.model);
  const std::string file =
      !options.seed.messages.empty() ? options.seed.messages.string() : options.seed.transcript.string();
  if (!options.seed.message_group_uuid.empty()) {
    model::Parameter shape;
    shape.name = "message-group";
    shape.type = model::ParameterType::kUuid;
    options.seed.message_group_uuid = model::normalise(shape, options.seed.message_group_uuid);
  }
  const auto users = open_users(session, model);
  const auto endpoint = open_to_write(session, "seeding table " + model.table_name, model.table_name);
  ProgressBar bar(*session.err, session.err_is_terminal && session.output == OutputFormat::kHuman);
  toolkit::SeedReporter reporter;
  std::uint64_t bad_lines = 0;
  const Interrupt interrupt;
  std::uint64_t written = 0;
  reporter.progress = [&](std::uint64_t done, std::uint64_t total) {
    bar.show(written = done, total);
    Interrupt::check();
  };
  reporter.bad_line = [&](std::uint64_t line, const std::string& why) {
    bar.clear();
    if (++bad_lines <= kMostBadLinesTold) *session.err << file << ":" << line << ": " << why << "\n";
    if (bad_lines == kMostBadLinesTold + 1) *session.err << "further bad lines are not shown\n";
  };
  toolkit::SeedResult result;
  try {
    result = toolkit::seed(*endpoint, model, *users, options.seed, reporter, Interrupt::sleep);
  } catch (const Interrupted&) {
    bar.clear();
    throw CommandError("stator: interrupted: " + counted(written, "message") +
                           " written; doing it again changes nothing and writes the others",
                       kInterruptedExit);
  } catch (const toolkit::OperationError& error) {
    throw model_table_error(error, model);
  }
  if (session.dry_run) return;
  if (session.output == OutputFormat::kJson) {
    std::string table;
    json::append_string(model.table_name, table);
    print_json(session, "{\"TableName\":" + table + ",\"Messages\":" + std::to_string(result.messages) +
                            ",\"Entries\":" + std::to_string(result.entries) + ",\"Items\":" +
                            std::to_string(result.items) + ",\"BadLines\":" + std::to_string(result.bad_lines) + "}");
    return;
  }
  *session.out << "seeded " << model.table_name << ": " << counted(result.items, "item") << " ("
               << counted(result.messages, "message") << ", " << result.entries
               << (result.entries == 1 ? " conversation entry" : " conversation entries") << "), users from "
               << users->describe();
  if (result.bad_lines > 0) *session.out << ", " << counted(result.bad_lines, "bad line") << " left out";
  *session.out << "\n";
}

void add_seed(CLI::App& ddb, Session& session) {
  auto* command = ddb.add_subcommand("seed", "Load the model's items and conversation, or a conversation from a file");
  const auto options = std::make_shared<SeedCommandOptions>();
  command->add_option("--model", options->model, "Which model, if there are several")->type_name("NAME");
  auto* transcript = command
                         ->add_option("--conversation", options->seed.transcript,
                                      "A transcript, one message per line: \"Person 1: …\" or \"Person 2: …\"")
                         ->type_name("FILE");
  command
      ->add_option("--messages", options->seed.messages, "Messages as JSON Lines or CSV: sender (a handle), time, text")
      ->type_name("FILE")
      ->excludes(transcript);
  command
      ->add_option("--message-group", options->seed.message_group_uuid,
                   "The conversation to load into (default: the model's)")
      ->type_name("UUID");
  command->add_flag("--skip-bad", options->seed.skip_bad, "Report bad lines and load the others");
  command->footer("Example: stator ddb seed --messages export.csv --skip-bad");
  command->callback([options, &session] { seed(session, *options); });
}

struct ScanCommandOptions {
  std::string model;
  toolkit::ScanOptions scan;
};

void require_json_object(const std::string& text, const std::string& option) {
  if (text.empty()) return;
  try {
    json::Parser parser;
    if (parser.parse(text).is_object()) return;
  } catch (const core::ApiError&) {
    // reported below
  }
  throw CommandError("stator: " + option + ": expected a JSON object", 2);
}

void scan(Session& session, ScanCommandOptions& options) {
  require_json_object(options.scan.names_json, "--names");
  require_json_object(options.scan.values_json, "--values");
  std::optional<model::Model> model;
  if (options.scan.table.empty()) {
    model = load_model(session, options.model);
    options.scan.table = model->table_name;
  }
  const auto endpoint = open_endpoint(session);
  std::vector<std::string> first_columns;
  const bool has_columns = session.output == OutputFormat::kCsv || session.output == OutputFormat::kTable;
  if (has_columns && options.scan.projection.empty())
    first_columns = toolkit::key_attributes(*endpoint, options.scan.table);
  toolkit::ItemWriter output(toolkit::make_item_output(item_format(session.output), *session.out,
                                                       output_options(session, std::move(first_columns))));
  const Interrupt interrupt;
  toolkit::ScanResult read;
  options.scan.progress = [&read](const toolkit::ScanResult& so_far) {
    read = so_far;
    Interrupt::check();
  };
  try {
    toolkit::scan(*endpoint, options.scan, [&output](const json::Object& item) { output.write(item); });
  } catch (const Interrupted&) {
    output.finish();
    session.out->flush();
    throw CommandError("stator: interrupted: " + counted(read.items, "item"), kInterruptedExit);
  } catch (const toolkit::OperationError& error) {
    if (model) throw model_table_error(error, *model);
    // Throws the message that names the existing tables.
    if (error.type == core::ErrorCode::kResourceNotFound) toolkit::describe_table(*endpoint, options.scan.table);
    throw;
  }
  output.finish();
}

void add_scan(CLI::App& ddb, Session& session) {
  auto* command = ddb.add_subcommand("scan", "Print every item of a table, one per line");
  const auto options = std::make_shared<ScanCommandOptions>();
  toolkit::ScanOptions& scan_options = options->scan;
  command->add_option("TABLE", scan_options.table, "The table (default: the model's)");
  command->add_option("--model", options->model, "Which model's table, if there are several")->type_name("NAME");
  command->add_option("--index", scan_options.index, "Read this index")->type_name("NAME");
  command->add_option("--limit", scan_options.limit, "At most this many items")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, kMostItems));
  command->add_option("--filter", scan_options.filter, "A FilterExpression")->type_name("EXPR");
  command->add_option("--projection", scan_options.projection, "A ProjectionExpression")->type_name("EXPR");
  command->add_option("--names", scan_options.names_json, "ExpressionAttributeNames, e.g. {\"#n\": \"name\"}")
      ->type_name("JSON");
  command->add_option("--values", scan_options.values_json, "ExpressionAttributeValues, e.g. {\":v\": {\"S\": \"a\"}}")
      ->type_name("JSON");
  command->add_option("--segments", scan_options.segments, "Read this many segments in parallel")
      ->type_name("N")
      ->check(CLI::Range(1U, toolkit::kMaxParallelSegments));
  command->add_flag("--consistent", scan_options.consistent, "Strongly consistent reads");
  command->footer("Example: stator ddb scan cruddur-messages --segments 4 --output jsonl");
  command->callback([options, &session] { scan(session, *options); });
}

}  // namespace

void add_ddb_commands(CLI::App& root, Session& session) {
  auto* ddb = root.add_subcommand("ddb", "Work on DynamoDB tables");
  ddb->require_subcommand(1, 1);
  ddb->footer("Example: stator ddb list-tables");
  add_schema_load(*ddb, session);
  add_drop(*ddb, session);
  add_list_tables(*ddb, session);
  add_seed(*ddb, session);
  add_scan(*ddb, session);
  add_backup_commands(*ddb, session);
  add_insights_command(*ddb, session);
  add_bucket_commands(*ddb, session);
  add_sql_command(*ddb, session);
  add_tail_command(*ddb, session);
  add_pattern_commands(*ddb, session);
}

}  // namespace stator::cli
