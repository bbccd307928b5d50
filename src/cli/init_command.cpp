#include "cli/init_command.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "cli/file_error.h"
#include "cli/item_printing.h"
#include "cli/target.h"
#include "core/utf8.h"
#include "endpoint/embedded.h"
#include "model/model.h"
#include "toolkit/call.h"
#include "toolkit/expression_words.h"
#include "toolkit/model_init.h"
#include "toolkit/model_schema.h"
#include "toolkit/scan.h"
#include "toolkit/table_copy.h"
#include "toolkit/table_update.h"

/// stator init: creates a model folder from a table, a file or answers to questions.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::string model;
  std::string file;
  std::string table;
  std::uint64_t samples = 20;
  bool samples_given = false;
  bool schemas = false;
};

/// The directory for new models; never that of an installed program.
fs::path models_to_write(const Session& session) {
  const std::string unasked = model::find_models_directory("", ".", session.program_directory).string();
  const char* variable = std::getenv("STATOR_MODELS");
  const bool is_asked_for = variable != nullptr && *variable != '\0';
  if (session.models_directory == unasked && !is_asked_for) return "models";
  return session.models_directory;
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw file_error("write", path.string());
}

void write_schemas(const fs::path& models) {
  write_file(models / "schemas" / "table.schema.json", toolkit::table_schema());
  write_file(models / "schemas" / "pattern.schema.json", toolkit::pattern_schema());
}

// --- sources -------------------------------------------------------------------------------------------------------

toolkit::ModelSource from_endpoint(const Session& session, const InitOptions& options) {
  const auto endpoint = open_endpoint(session);
  toolkit::ModelSource source;
  source.table = toolkit::describe_table(*endpoint, options.table);
  // By default, take no samples from production: the model may be committed to a repository.
  const std::uint64_t samples = session.production && !options.samples_given ? 0 : options.samples;
  if (samples > 0) {
    toolkit::ScanOptions scan;
    scan.table = options.table;
    scan.limit = samples;
    toolkit::scan(*endpoint, scan,
                  [&](const json::Object& item) { source.items.push_back(std::string(simdjson::minify(item))); });
  }
  const std::string request = toolkit::RequestBuilder().text("TableName", options.table).str();
  try {
    json::Parser parser;
    const std::string reply = toolkit::call(*endpoint, "DescribeTimeToLive", request);
    const json::Value expiry = parser.parse(reply)["TimeToLiveDescription"];
    source.time_to_live_attribute = toolkit::text_of(expiry, "AttributeName");
  } catch (const std::exception&) {
    // Some implementations lack time to live.
  }
  source.patterns = toolkit::patterns_of_items(source.table, source.items);
  return source;
}

toolkit::ModelSource from_file(const Session& session, const InitOptions& options) {
  std::string text;
  if (options.file == "-") {
    text.assign(std::istreambuf_iterator<char>(*session.in), {});
  } else {
    errno = 0;
    std::ifstream in(options.file, std::ios::binary);
    if (in && fs::is_directory(options.file)) errno = EISDIR;
    if (errno != 0) throw file_error("read", options.file);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  std::vector<toolkit::ModelSource> sources;
  try {
    sources = toolkit::read_model_sources(core::without_byte_order_mark(text), options.model);
  } catch (const std::exception& error) {
    throw CommandError("stator: " + options.file + ": " + error.what());
  }
  if (options.table.empty() && sources.size() == 1) return sources.front();
  std::string names;
  for (toolkit::ModelSource& source : sources) {
    if (source.table.name == options.table) return std::move(source);
    names += (names.empty() ? "" : ", ") + source.table.name;
  }
  throw CommandError("stator: " + options.file + " has the tables " + names + "; --table NAME takes one", 2);
}

/// Asks on the terminal, or reads the answers from redirected standard input.
class Questions {
 public:
  explicit Questions(const Session& session) : session_(session) {}

  std::string ask(const std::string& question, const std::string& otherwise) {
    if (session_.in_is_terminal) {
      *session_.err << question << (otherwise.empty() ? "" : " [" + otherwise + "]") << ": " << std::flush;
    }
    std::string answer;
    if (!std::getline(*session_.in, answer) && !asked_)
      throw CommandError(
          "stator: what should the model be made from? --from FILE, --table TABLE, or answers to questions on a "
          "terminal",
          2);
    asked_ = true;
    while (!answer.empty() && (answer.back() == ' ' || answer.back() == '\r')) answer.pop_back();
    return answer.empty() ? otherwise : answer;
  }

  /// Asks for a key: "name" or "name N".
  toolkit::KeyColumn ask_key(const std::string& question, const std::string& otherwise) {
    const std::string answer = ask(question + " (name, and N or B if it is not text)", otherwise);
    const std::size_t space = answer.find(' ');
    toolkit::KeyColumn column{answer.substr(0, space), space == std::string::npos ? "S" : answer.substr(space + 1)};
    if (column.type != "S" && column.type != "N" && column.type != "B")
      throw CommandError("stator: expected S, N or B, found \"" + column.type + "\"", 2);
    if (column.name == "-") column.name.clear();
    return column;
  }

 private:
  const Session& session_;
  bool asked_ = false;
};

toolkit::ModelSource from_questions(const Session& session, const InitOptions& options) {
  Questions questions(session);
  toolkit::TableDraft draft;
  draft.name = questions.ask("Table", options.model);
  draft.partition_key = questions.ask_key("Partition key", "pk");
  draft.sort_key = questions.ask_key("Sort key; - for none", "sk");
  for (;;) {
    const std::string name = questions.ask("A global secondary index; nothing: no more", "");
    if (name.empty()) break;
    const toolkit::KeyColumn partition = questions.ask_key("Its partition key", name + "pk");
    draft.indexes.push_back({name, partition, questions.ask_key("Its sort key; - for none", "-")});
  }
  toolkit::ModelSource source;
  source.table = toolkit::table_of_draft(draft);
  source.time_to_live_attribute = questions.ask("Attribute by which items expire; nothing: none", "");
  return source;
}

/// Throws DynamoDB's message if DynamoDB would refuse the table.
void require_possible(const toolkit::ModelSource& source) {
  endpoint::Embedded memory{engine::Options{}};
  const toolkit::TableInfo& table = source.table;
  try {
    toolkit::call(memory, "CreateTable", toolkit::create_request_like(table, table.name));
    if (source.time_to_live_attribute.empty()) return;
    toolkit::call(memory, "UpdateTimeToLive",
                  toolkit::time_to_live_request(table.name, source.time_to_live_attribute, true));
  } catch (const toolkit::OperationError& error) {
    throw CommandError("stator: DynamoDB would refuse this table: " + error.message);
  }
}

// --- the command ---------------------------------------------------------------------------------------------------

/// Writes the files and reads them as a model. If that fails, removes them: they would be in the way of the next
/// attempt, and of every command that reads models.
model::Model write_model(const fs::path& directory, const std::vector<toolkit::ModelFile>& files) {
  const auto remove = [&directory] {
    std::error_code error;
    fs::remove_all(directory, error);
  };
  try {
    for (const toolkit::ModelFile& file : files) write_file(directory / file.path, file.text);
    return model::load_model(directory);
  } catch (const model::ModelError& error) {
    remove();
    throw CommandError("stator: no model was made, as it would be wrong: " + std::string(error.what()));
  } catch (const std::exception&) {
    remove();
    throw;
  }
}

void init(Session& session, const InitOptions& options) {
  const fs::path models = models_to_write(session);
  if (options.schemas) {
    write_schemas(models);
    *session.err << "wrote the schemas of model files to " << (models / "schemas").string() << "\n";
    return;
  }
  if (options.model.empty()) throw CommandError("stator: give the model a name: stator init MODEL", 2);
  if (options.model.find_first_of("/\\") != std::string::npos || options.model.front() == '.')
    throw CommandError("stator: a model's name is a folder's: no slashes, and no dot in front", 2);
  const fs::path directory = models / options.model;
  if (fs::exists(directory)) throw CommandError("stator: " + directory.string() + " already exists");
  const toolkit::ModelSource source = !options.file.empty()    ? from_file(session, options)
                                      : !options.table.empty() ? from_endpoint(session, options)
                                                               : from_questions(session, options);
  // An existing table is valid, whatever this version knows.
  if (!options.file.empty() || options.table.empty()) require_possible(source);
  const std::vector<toolkit::ModelFile> files = toolkit::model_files(source);
  if (session.dry_run) {
    for (const toolkit::ModelFile& file : files) *session.out << (directory / file.path).string() << "\n";
    return;
  }
  fs::create_directories(models);
  if (!fs::create_directory(directory)) throw CommandError("stator: " + directory.string() + " already exists");
  const model::Model made = write_model(directory, files);
  write_schemas(models);
  *session.err << "made model " << made.name << " of table " << made.table_name << " in " << directory.string() << ": "
               << counted(made.patterns.size(), "pattern") << ", " << counted(made.items.size(), "item") << "\n";
}

}  // namespace

void add_init_command(CLI::App& root, Session& session) {
  auto* command = root.add_subcommand("init", "Make a data model from a table, a file, or answers to questions");
  const auto options = std::make_shared<InitOptions>();
  command->add_option("MODEL", options->model, "Its name, a new folder in the models directory");
  command
      ->add_option("--from", options->file,
                   "Output of describe-table, a CreateTable request, a NoSQL Workbench model or a OneTable schema; -: "
                   "standard input")
      ->type_name("FILE");
  command->add_option("--table", options->table, "From this table (of the file, if it has several)")
      ->type_name("TABLE");
  auto* samples =
      command->add_option("--samples", options->samples,
                          "Read this many items of the table for seeds, examples and patterns (production: 0)");
  samples->type_name("N")->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1000}))->capture_default_str();
  command->add_flag("--schemas", options->schemas, "Only write the JSON Schemas with which editors check model files");
  command->footer(
      "Examples: stator init shop --table shop\n"
      "          aws dynamodb describe-table --table-name shop | stator init shop --from -\n"
      "          stator init shop --from model.json\n"
      "Then: stator ddb patterns check");
  command->callback([options, samples, &session] {
    options->samples_given = samples->count() > 0;
    init(session, *options);
  });
}

}  // namespace stator::cli
