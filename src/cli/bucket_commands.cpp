#include "cli/bucket_commands.h"
#include "cli/arguments.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <ostream>

#include "cli/interrupt.h"
#include "cli/item_printing.h"
#include "cli/progress_bar.h"
#include "cli/target.h"
#include "cli/time_option.h"
#include "cli/word_text.h"
#include "core/utf8.h"
#include "toolkit/bucket_jobs.h"

/// Imports from buckets and exports to them. The database itself does the work; the commands start it and wait.
namespace stator::cli {
namespace {

std::string duration_text(std::chrono::steady_clock::time_point since) {
  const auto took = std::chrono::steady_clock::now() - since;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", std::chrono::duration<double>(took).count());
  return text.data();
}

struct ImportOptions {
  toolkit::TableImport import;
  std::vector<std::string> keys;
  std::string table_file;
};

void import_table(Session& session, ImportOptions options) {
  require_human_or_json(session);
  toolkit::TableImport& import = options.import;
  if (options.keys.empty() == options.table_file.empty()) {
    throw CommandError(
        "stator: say which keys the table has: --key NAME[:TYPE], twice with a sort key; or --table FILE", 2);
  }
  if (options.keys.size() > 2) throw CommandError("stator: a table has at most two keys", 2);
  for (const std::string& word : options.keys) import.keys.push_back(toolkit::read_key_word(word));
  if (!options.table_file.empty()) {
    constexpr std::size_t kMostBytes = 1 << 20;
    const WordText description =
        text_of_word(session, "@" + options.table_file, "", kMostBytes, "the description of a table");
    import.creation_json = core::without_byte_order_mark(description.text);
  }
  const auto endpoint = open_to_write(session, "importing table " + import.table, import.table);
  const auto began = std::chrono::steady_clock::now();
  ProgressBar bar(*session.err, session.err_is_terminal && !session.quiet);
  const toolkit::ImportOutcome outcome =
      wait_for_database("the import of table " + import.table + " goes on in the database", [&] {
        return toolkit::import_table(
            *endpoint, import, [&](std::uint64_t items) { bar.show_text(counted(items, "item") + " read"); },
            Interrupt::sleep);
      });
  bar.clear();
  if (session.output == OutputFormat::kJson) print_json(session, outcome.json);
  if (outcome.status == "COMPLETED") {
    if (!session.quiet) {
      *session.err << "imported " << counted(outcome.imported, "item") << " into " << import.table << " in "
                   << duration_text(began) << " (" << endpoint->describe() << ")\n";
    }
    return;
  }
  std::string why = "stator: the import " + outcome.status + ", " + outcome.failure_code;
  if (outcome.errors > 0)
    why += ", " + counted(outcome.errors, "faulty item") + " of " + std::to_string(outcome.processed);
  if (outcome.imported > 0) why += ", " + counted(outcome.imported, "item") + " imported";
  throw CommandError(why + ": " + outcome.failure_message, 1);
}

struct ExportOptions {
  toolkit::TableExport wanted;
  std::string at;
  std::string from;
  std::string to;
};

void export_table(Session& session, ExportOptions options) {
  require_human_or_json(session);
  toolkit::TableExport& wanted = options.wanted;
  wanted.at = options.at.empty() ? 0 : read_time("--at", options.at);
  wanted.from = options.from.empty() ? 0 : read_time("--from", options.from);
  wanted.to = options.to.empty() ? 0 : read_time("--to", options.to);
  const auto endpoint = open_endpoint(session);
  const auto began = std::chrono::steady_clock::now();
  ProgressBar bar(*session.err, session.err_is_terminal && !session.quiet);
  bar.show_text("exporting " + wanted.table);
  const toolkit::ExportOutcome outcome =
      wait_for_database("the export of table " + wanted.table + " goes on in the database",
                        [&] { return toolkit::export_table(*endpoint, wanted, Interrupt::sleep); });
  bar.clear();
  if (session.output == OutputFormat::kJson) print_json(session, outcome.json);
  if (outcome.status != "COMPLETED") {
    throw CommandError(
        "stator: the export " + outcome.status + ", " + outcome.failure_code + ": " + outcome.failure_message, 1);
  }
  if (!session.quiet) {
    *session.err << "exported " << counted(outcome.items, wanted.from > 0 ? "change" : "item") << " of " << wanted.table
                 << " in " << duration_text(began) << " (" << endpoint->describe() << ")\n";
  }
  if (session.output != OutputFormat::kJson) *session.out << wanted.bucket << "/" << outcome.manifest_key << "\n";
}

const std::map<std::string, std::string> kFormats = {{"csv", "CSV"}, {"ddb-json", "DYNAMODB_JSON"}, {"ion", "ION"}};
const std::map<std::string, std::string> kExportFormats = {{"ddb-json", "DYNAMODB_JSON"}, {"ion", "ION"}};
const std::map<std::string, std::string> kCompressions = {{"none", "NONE"}, {"gzip", "GZIP"}, {"zstd", "ZSTD"}};

}  // namespace

void add_bucket_commands(CLI::App& ddb, Session& session) {
  CLI::App* import_command = ddb.add_subcommand(
      "import-table", "Create a table from a bucket's objects with the database's own ImportTable, and wait for it");
  const auto import = std::make_shared<ImportOptions>();
  import->import.format = "DYNAMODB_JSON";
  import->import.compression = "NONE";
  import_command->add_option("TABLE", import->import.table, "The table to make")->required();
  import_command->add_option("--bucket", import->import.bucket, "The bucket that the database reads")
      ->required()
      ->type_name("NAME");
  import_command->add_option("--prefix", import->import.prefix, "Only objects whose keys have this prefix")
      ->type_name("PREFIX");
  import_command->add_option("--format", import->import.format, "csv, ddb-json (default) or ion")
      ->transform(named_value(kFormats))
      ->type_name("FORMAT");
  import_command->add_option("--compression", import->import.compression, "none (default), gzip or zstd")
      ->transform(named_value(kCompressions))
      ->type_name("KIND");
  import_command
      ->add_option("--key", import->keys, "The partition key and its type (default S); repeat for the sort key")
      ->type_name("NAME:TYPE");
  import_command
      ->add_option("--table", import->table_file,
                   "Instead of --key: a JSON file with the table's CreateTable parameters")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  import_command->add_option("--delimiter", import->import.delimiter, "For CSV: the delimiter, instead of the comma")
      ->type_name("CHARACTER");
  import_command->add_option("--header", import->import.header, "For CSV without a header line: the columns' names")
      ->delimiter(',')
      ->type_name("NAMES");
  import_command->footer(
      "Example: stator ddb import-table shop --bucket backups --prefix shop/data/ --compression gzip --key pk --key "
      "sk:N");
  import_command->callback([import, &session] { import_table(session, *import); });

  CLI::App* export_command = ddb.add_subcommand(
      "export-table",
      "Export a table to a bucket in AWS's layout with the database's own ExportTableToPointInTime, and wait for it");
  const auto options = std::make_shared<ExportOptions>();
  options->wanted.format = "DYNAMODB_JSON";
  export_command->add_option("TABLE", options->wanted.table, "The table; its point-in-time recovery must be on")
      ->required();
  export_command->add_option("--bucket", options->wanted.bucket, "The bucket that the database writes to")
      ->required()
      ->type_name("NAME");
  export_command->add_option("--prefix", options->wanted.prefix, "The folder in it to write to")->type_name("PREFIX");
  export_command->add_option("--format", options->wanted.format, "ddb-json (default) or ion")
      ->transform(named_value(kExportFormats))
      ->type_name("FORMAT");
  CLI::Option* at = export_command->add_option(
      "--at", options->at, "The table at this time: 2026-11-25T10:00:00Z, a date, or seconds since 1970");
  at->type_name("TIME");
  CLI::Option* from =
      export_command->add_option("--from", options->from, "Only changes since this time, at most a day");
  from->type_name("TIME")->excludes(at);
  export_command->add_option("--to", options->to, "Only changes before this time (default: now)")
      ->type_name("TIME")
      ->needs(from);
  export_command->footer("Example: stator ddb export-table shop --bucket backups --prefix shop --format ion");
  export_command->callback([options, &session] { export_table(session, *options); });
}

}  // namespace stator::cli
