#include <chrono>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/target.h"
#include "files/files.h"
#include "json/object_writer.h"
#include "postgres/error.h"
#include "postgres/sql_words.h"
#include "toolkit/db.h"
#include "toolkit/row_output.h"
#include "toolkit/text_table.h"

namespace stator::cli {
namespace {

using postgres::Error;
using toolkit::DbTarget;

constexpr std::string_view kReadOnlyTransaction = "25006";
constexpr std::string_view kCancelled = "57014";
/// The SQLSTATE for a wrong number of parameters.
constexpr std::string_view kProtocolViolation = "08P01";
const char* const kQueryExample = "stator db query 'SELECT handle FROM users'";
constexpr std::size_t kMaxSessionCell = 60;
constexpr double kMaxSeconds = 86'400;

/// The options of one command line. One struct for all commands of the family, since only one runs.
struct DbOptions {
  std::string connection_url;
  std::string model;
  bool force = false;
  std::string action;
  std::string name;
  int pid = 0;
  std::size_t steps = 1;
  double watch_seconds = 2;
  std::uint32_t count = 0;
  std::string statement;
  std::string named;
  std::vector<std::string> parameters;
  double timeout_seconds = 0;
  std::size_t lines = 20;
};

/// One command: the session, its options, and its target, which is found at first use.
class DbCommand {
 public:
  DbCommand(Session& session, const DbOptions& options) : session_(session), options_(options) {}

  [[nodiscard]] const DbOptions& options() const { return options_; }
  [[nodiscard]] Session& session() { return session_; }
  std::ostream& out() { return *session_.out; }
  [[nodiscard]] bool is_human() const { return session_.output == OutputFormat::kHuman; }

  [[nodiscard]] toolkit::DbRequest request() const {
    return {.connection_url = options_.connection_url,
            .production = session_.prod,
            .data_directory = session_.data_directory,
            .database = database(),
            .tell = [err = session_.err](std::string_view line) { *err << line << "\n"
                                                                       << std::flush; }};
  }

  const DbTarget& target() {
    if (target_) return *target_;
    target_ = toolkit::find_db_target(request());
    // Called only after connecting; until then, a signal ends the process at once.
    target_->server.interrupted = [this] {
      if (cancels_ && !interrupt_) interrupt_.emplace();
      return is_interrupted();
    };
    return *target_;
  }
  [[nodiscard]] const std::optional<DbTarget>& known_target() const { return target_; }

  [[nodiscard]] postgres::SqlFiles sql() const {
    const std::filesystem::path directory = find_model(session_, options_.model);
    if (files::list(directory / "sql").empty())
      throw CommandError("stator: model " + directory.filename().string() + " has no sql/ folder");
    return postgres::SqlFiles(directory / "sql");
  }

  /// For commands that only report what they did: throws if --output asks for another format.
  void require_human() const {
    if (!is_human())
      throw CommandError(
          "stator: this command takes no --output; of the db commands query, sessions, migrate status, "
          "status and url do",
          2);
  }

  void heading(std::string_view name) {
    if (!is_human()) return;
    if (session_.colour) {
      out() << "\033[1;36m== db-" << name << "\033[0m"
            << "\n"
            << std::flush;
    } else {
      out() << "== db-" << name << "\n" << std::flush;
    }
  }

  /// The target for statements that Ctrl-C cancels; holds for the rest of this command.
  const DbTarget& interruptible_target() {
    cancels_ = true;
    return target();
  }

  [[nodiscard]] bool is_interrupted() const { return interrupt_ && Interrupt::requested(); }

  /// Called before anything in production that cannot be undone: requires the database's name, by --yes or typed at a
  /// prompt.
  void confirm(const std::string& what) {
    if (target().production || !session_.yes.empty()) cli::confirm(session_, what, "database", target().database);
  }

  /// Whether to do `what`, which writes. In a dry run, prints it and returns false. Throws with --read-only.
  bool should_run(const std::string& what) {
    if (session_.read_only) throw CommandError("stator: --read-only: " + what + " was refused");
    if (session_.dry_run) out() << "would be done: " << what << "\n";
    return !session_.dry_run;
  }

 private:
  /// The database of the model named, else of the default model; without models, DbRequest's default.
  [[nodiscard]] std::string database() const {
    std::string none = toolkit::DbRequest().database;
    if (options_.model.empty() && model::default_model(session_.models_directory).empty()) return none;
    return model::database_name(find_model(session_, options_.model));
  }

  Session& session_;
  const DbOptions& options_;
  std::optional<DbTarget> target_;
  bool cancels_ = false;
  std::optional<Interrupt> interrupt_;
};

/// Accepts what libpq accepts.
CLI::Validator is_connection_url() {
  const auto check = [](const std::string& text) {
    try {
      static_cast<void>(postgres::target_parts({.url = text}));
      return std::string();
    } catch (const Error& error) {
      if (error.kind() != postgres::ErrorKind::kUsage) throw;
      return std::string(error.what());
    }
  };
  return CLI::Validator(check, "");
}

using Body = void (*)(DbCommand&);

/// Prints an error: in one line, or over several lines if it has a position in a statement.
void print_fault(const Error& error, DbCommand& command) {
  const DbTarget none;
  const std::optional<DbTarget>& known = command.known_target();
  const DbTarget& target = known ? *known : none;
  command.out().flush();
  *command.session().err << "stator: " << toolkit::db_explain(error, target, true) << "\n";
  command.session().exit_code = 1;
}

CLI::App* add_command(CLI::App& family, Session& session, const std::shared_ptr<DbOptions>& options,
                      const std::string& name, const std::string& description, const std::string& footer, Body body) {
  CLI::App* command = family.add_subcommand(name, description);
  command->footer(footer);
  command
      ->add_option(
          "--connection-url", options->connection_url,
          "The server and database (else CONNECTION_URL, with prod PROD_CONNECTION_URL; else a private cluster)")
      ->type_name("URL")
      ->check(is_connection_url());
  command->add_option("--model", options->model, "Whose database and SQL: models/NAME/sql")->type_name("NAME");
  command->callback([&family, &session, options, body] {
    const CLI::App* root = &family;
    while (root->get_parent() != nullptr) root = root->get_parent();
    refuse_options(*root, "db", {"--endpoint-url", "--region", "--profile", "--cache", "--cache-ttl"});
    DbCommand context(session, *options);
    try {
      body(context);
    } catch (const Error& error) {
      if (error.sqlstate() == kCancelled && context.is_interrupted())
        throw CommandError(
            std::string("stator: interrupted: ") +
                (error.fields().statement.empty() ? "nothing more was begun" : "the statement that ran was cancelled"),
            kInterruptedExit);
      print_fault(error, context);
    }
  });
  return command;
}

/// Whether there is a server, or a private cluster that can be started.
bool has_server(DbCommand& command) {
  const toolkit::DbRequest request = command.request();
  return request.production || !toolkit::configured_connection_url(request).empty() ||
         toolkit::private_cluster(request).is_created();
}

/// Throws if there is no server: for commands that are of no use on a cluster not yet created.
void require_server(DbCommand& command) {
  if (!has_server(command))
    throw CommandError("stator: there is no private PostgreSQL cluster yet: stator db setup creates it");
}

void run_create(DbCommand& command) {
  command.require_human();
  command.heading("create");
  if (!command.should_run("creating the database")) return;
  toolkit::db_create(command.target(), command.out());
}

void run_drop(DbCommand& command) {
  command.require_human();
  command.heading("drop");
  if (!command.should_run("dropping the database")) return;
  if (!has_server(command)) {
    command.out() << "there was no database " << command.request().database << "\n";
    return;
  }
  command.confirm("dropping the database " + command.target().database);
  toolkit::db_drop(command.target(), command.options().force, command.out());
}

void run_connect(DbCommand& command) {
  command.require_human();
  require_server(command);
  const Session& session = command.session();
  if (session.dry_run) {
    command.should_run("handing the terminal to psql");
    return;
  }
  const DbTarget& target = command.target();
  command.out().flush();
  toolkit::db_connect(target, session.read_only);
}

void run_schema_load(DbCommand& command) {
  command.require_human();
  command.heading("schema-load");
  const postgres::SqlFiles sql = command.sql();
  const bool destroys = postgres::sql_destroys(sql.schema());
  if (!command.should_run("running " + (sql.directory() / "schema.sql").string())) return;
  if (destroys) command.confirm("running a schema that drops or deletes");
  toolkit::db_schema_load(command.interruptible_target(), sql, command.out());
}

void run_seed(DbCommand& command) {
  command.require_human();
  command.heading("seed");
  const postgres::SqlFiles sql = command.sql();
  const bool destroys = postgres::sql_destroys(sql.seed());
  if (!command.should_run("running " + (sql.directory() / "seed.sql").string())) return;
  if (destroys) command.confirm("running a seed that drops or deletes");
  toolkit::db_seed(command.interruptible_target(), sql, command.out());
}

void run_setup(DbCommand& command) {
  command.require_human();
  command.heading("setup");
  const postgres::SqlFiles sql = command.sql();
  if (!command.should_run("dropping the database, and recreating it from " + sql.directory().string())) return;
  command.confirm("dropping the database " + command.target().database + " and recreating it");
  toolkit::db_setup(command.interruptible_target(), sql, command.options().force, command.out(),
                    [&](std::string_view step) { command.heading(step); });
}

/// Prints rows in the format of --output. Cells of a table have at most `max_cell` characters (0: any).
std::unique_ptr<toolkit::RowOutput> row_output(DbCommand& command, std::size_t max_cell = 0) {
  switch (command.session().output) {
    case OutputFormat::kHuman:
    case OutputFormat::kTable:
    case OutputFormat::kPython:
      return toolkit::make_row_table(command.out(), max_cell);
    case OutputFormat::kJson:
      return toolkit::make_row_json(command.out());
    case OutputFormat::kJsonLines:
      return toolkit::make_row_json_lines(command.out());
    case OutputFormat::kCsv:
      return toolkit::make_row_csv(command.out(), command.session().out_is_terminal);
  }
  return nullptr;
}

void write_rows(DbCommand& command, const postgres::Result& result, std::size_t max_cell) {
  toolkit::RowWriter writer(row_output(command, max_cell));
  toolkit::write_result(result, writer);
}

void watch_sessions(DbCommand& command) {
  require_server(command);
  const auto pause = std::chrono::duration<double>(command.options().watch_seconds);
  for (std::uint32_t look = 1;; ++look) {
    const postgres::Result sessions = toolkit::db_sessions(command.target());
    const bool redraw = command.session().out_is_terminal && command.is_human();
    if (redraw) command.out() << "\033[H\033[2J";
    command.heading("sessions");
    write_rows(command, sessions, kMaxSessionCell);
    command.out().flush();
    if (look == command.options().count) return;
    std::this_thread::sleep_for(pause);
  }
}

void end_session(DbCommand& command) {
  command.require_human();
  if (command.options().pid <= 0)
    throw CommandError("stator: name the session to end, as in stator db sessions end 4711", 2);
  require_server(command);
  command.heading("sessions-end");
  const std::string what = "ending session " + std::to_string(command.options().pid);
  if (!command.should_run(what)) return;
  command.confirm(what);
  toolkit::db_end_session(command.target(), command.options().pid, command.out());
}

void run_migrate_status(DbCommand& command) {
  require_server(command);
  const auto all = toolkit::db_migrate_status(command.target(), command.sql());
  postgres::Result table{.columns = {{"migration", 0}, {"state", 0}, {"applied_at", 0}}, .rows = {}, .command = {}};
  for (const postgres::MigrationStatus& status : all) {
    const char* state = "pending";
    if (status.state == postgres::MigrationState::kApplied) state = "applied";
    if (status.state == postgres::MigrationState::kChanged) state = "changed";
    if (status.state == postgres::MigrationState::kMissing) state = "missing";
    table.rows.push_back(
        {status.name, state, status.applied_at.empty() ? postgres::Field() : postgres::Field(status.applied_at)});
  }
  write_rows(command, table, 0);
}

/// Creates the files of a new migration in the model's folder.
void run_migrate_new(DbCommand& command) {
  command.require_human();
  if (command.options().name.empty())
    throw CommandError("stator: name the migration, as in stator db migrate new add_index", 2);
  const std::filesystem::path directory = command.sql().migrations_directory();
  if (*directory.begin() == files::kBuiltIn)
    throw CommandError("stator: the built-in models cannot be changed: --models DIR names others");
  if (!command.should_run("making the files of a migration in " + directory.string())) return;
  for (const auto& file : postgres::make_migration(directory, command.options().name)) {
    command.out() << "made " << file.string() << "\n";
  }
}

/// Prints what would be applied, in a dry run.
void print_pending_migrations(DbCommand& command, const postgres::SqlFiles& sql) {
  if (files::list(sql.migrations_directory()).empty() || !has_server(command)) return;
  std::size_t count = 0;
  for (const auto& status : toolkit::db_migrate_status(command.target(), sql)) {
    if (status.state != postgres::MigrationState::kPending) continue;
    command.out() << "would be applied: " << status.name << "\n";
    ++count;
  }
  if (count == 0) command.out() << "no migration is pending\n";
}

void run_migrate(DbCommand& command) {
  const std::string& action = command.options().action;
  command.heading(action.empty() || action == "up" ? "migrate" : "migrate-" + action);
  if (!command.options().name.empty() && action != "new")
    throw CommandError("stator: only new takes a name; \"" + command.options().name + "\" is unexpected", 2);
  if (action == "new") return run_migrate_new(command);
  if (action == "status") return run_migrate_status(command);
  command.require_human();
  const postgres::SqlFiles sql = command.sql();
  if (!command.should_run(action == "rollback" ? "rolling back migrations" : "applying migrations")) {
    if (action != "rollback") print_pending_migrations(command, sql);
    return;
  }
  if (action == "rollback") {
    command.confirm("rolling back migrations");
    return toolkit::db_migrate_rollback(command.interruptible_target(), sql, command.options().steps, command.out());
  }
  if (command.target().production && toolkit::db_pending_migrations_destroy(command.target(), sql)) {
    command.confirm("applying migrations that drop or delete");
  }
  toolkit::db_migrate_up(command.interruptible_target(), sql, command.out());
}

/// The words as parameters; `\N` is NULL, as in COPY.
postgres::Parameters to_parameters(const std::vector<std::string>& words) {
  postgres::Parameters parameters;
  for (const std::string& word : words) parameters.push_back(word == "\\N" ? postgres::Field() : postgres::Field(word));
  return parameters;
}

/// Connects standard input to COPY … FROM STDIN, and standard output to COPY … TO STDOUT and to rows.
postgres::Streams streams_of(Session& session, toolkit::RowWriter& writer) {
  constexpr std::size_t kChunkBytes = std::size_t{64} << 10U;
  return {.read =
              [&session, chunk = std::string(kChunkBytes, '\0')]() mutable {
                session.in->read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
                return std::string_view(chunk.data(), static_cast<std::size_t>(session.in->gcount()));
              },
          .write = [&session](std::string_view rows) { *session.out << rows; },
          .columns = [&writer](const std::vector<postgres::Column>& columns) { writer.begin(columns); },
          .row = [&writer](const postgres::Row& row) { writer.write(row); },
          .waiting = [&session] { session.out->flush(); }};
}

/// Throws if the text is not a single statement, with a more helpful message than the server's.
void require_one_statement(const std::string& text) {
  std::size_t count = 0;
  postgres::SqlReader reader(text);
  while (const auto statement = reader.next()) {
    if (!statement->psql_command.empty()) {
      throw CommandError("stator: " + postgres::one_line(statement->psql_command) +
                             " is a command of psql, not SQL: stator db connect runs psql",
                         2);
    }
    if (!statement->is_empty()) ++count;
  }
  if (count == 0) throw CommandError(std::string("stator: no statement: ") + kQueryExample + " (or --named NAME)", 2);
  if (count > 1) {
    throw CommandError("stator: one statement at a time, and this holds " + std::to_string(count) +
                           ": give one after the other, or stator db connect",
                       2);
  }
}

void run_query(DbCommand& command) {
  const DbOptions& options = command.options();
  std::vector<std::string> words = options.parameters;
  std::string statement = options.statement;
  if (!options.named.empty()) {
    if (!statement.empty()) words.insert(words.begin(), statement);
    statement = command.sql().query(options.named);
  }
  require_one_statement(statement);
  require_server(command);
  Session& session = command.session();
  // The output of COPY has its own formats.
  const bool copies = postgres::sql_begins_with(statement, "COPY");
  if (copies && !command.is_human())
    throw CommandError(
        "stator: COPY has its own formats, as in COPY … TO STDOUT (FORMAT csv): --output does not go with it", 2);
  if (!copies) command.heading("query");
  toolkit::RowWriter writer(row_output(command));
  toolkit::QueryOptions query{
      .parameters = to_parameters(words),
      .read_only = false,
      .timeout = std::chrono::milliseconds(static_cast<std::int64_t>(options.timeout_seconds * 1000)),
      .streams = streams_of(session, writer),
      .find_element_types = session.output == OutputFormat::kJson || session.output == OutputFormat::kJsonLines,
      .tell = [&session](const std::string& notice) { *session.err << toolkit::printable(notice) << "\n"; }};
  query.read_only = session.read_only || session.dry_run || (command.target().production && session.yes.empty());
  if (!session.yes.empty()) command.confirm("running this statement");
  const auto run = [&] {
    const postgres::Result result = toolkit::db_query(command.interruptible_target(), statement, query);
    if (!copies) return writer.finish(result.command);
    command.out().flush();
    *session.err << result.command << "\n";
  };
  const bool acts_on_server = query.read_only && postgres::sql_acts_on_server(statement);
  try {
    if (!acts_on_server) return run();
  } catch (const Error& error) {
    if (error.sqlstate() == kProtocolViolation) {
      if (!words.empty() && statement.find_first_of(" \t\r\n") == std::string::npos)
        throw CommandError(
            "stator: the statement is the single word \"" + statement + "\": quote all of it, as in " + kQueryExample,
            2);
      throw CommandError("stator: the statement's $1, $2, … do not match the number of values given (" +
                             std::to_string(words.size()) + ")",
                         2);
    }
    // Do not run it again if rows have already been printed.
    if (error.sqlstate() != kReadOnlyTransaction || !query.read_only || writer.has_rows()) throw;
  }
  if (!command.should_run("a statement that writes")) return;
  command.confirm("running a statement that writes");
  query.read_only = false;
  run();
}

void run_stop(DbCommand& command) {
  command.require_human();
  command.heading("stop");
  if (!command.should_run("stopping the private PostgreSQL cluster")) return;
  postgres::PrivateCluster cluster = toolkit::private_cluster(command.request());
  command.out() << (cluster.stop() ? "stopped the private PostgreSQL cluster\n"
                                   : "the private PostgreSQL cluster is not running\n");
}

/// The private cluster. Throws if a server is configured, which is used instead.
postgres::PrivateCluster own_cluster(DbCommand& command) {
  if (!toolkit::configured_connection_url(command.request()).empty())
    throw CommandError(
        "stator: a server is configured (CONNECTION_URL or --connection-url), so there is no private cluster");
  if (command.session().prod) throw CommandError("stator: production is never the private cluster", 2);
  return toolkit::private_cluster(command.request());
}

void run_start(DbCommand& command) {
  command.require_human();
  command.heading("start");
  if (!command.should_run("starting the private PostgreSQL cluster")) return;
  own_cluster(command).start();
  command.out() << "the private PostgreSQL cluster runs in " << own_cluster(command).home().string() << "\n";
}

/// Prints the JSON object that `write` makes with --output json, else the text. Throws for other formats.
template <class Write>
void print_text_or_json(DbCommand& command, const std::string& text, Write write) {
  require_human_or_json(command.session());
  if (command.is_human()) {
    command.out() << text << "\n";
    return;
  }
  std::string json;
  json::ObjectWriter object(json);
  write(object);
  object.end();
  print_json(command.session(), json);
}

void print_configured_server(DbCommand& command) {
  const DbTarget& target = command.target();
  const postgres::Result reply = toolkit::db_query(target, "SELECT version()", {});
  const std::string version = reply.rows.at(0).at(0).value_or("");
  print_text_or_json(command, postgres::describe(target.server) + ": " + version, [&](json::ObjectWriter& object) {
    object.flag("private", false);
    object.flag("running", true);
    object.text("server", postgres::describe(target.server));
    object.text("database", target.database);
    object.text("version", version);
  });
}

/// Neither starts nor creates a cluster. The exit status is 1 if no server is running.
void run_status(DbCommand& command) {
  require_human_or_json(command.session());
  command.heading("status");
  if (!toolkit::configured_connection_url(command.request()).empty()) return print_configured_server(command);
  const postgres::PrivateCluster cluster = own_cluster(command);
  const bool runs = cluster.is_running();
  std::string text = "there is no private PostgreSQL cluster yet: stator db setup creates it";
  if (cluster.is_created()) {
    text = "the private PostgreSQL cluster in " + cluster.home().string() + (runs ? " runs" : " is stopped") +
           " (PostgreSQL " + cluster.version() + ")";
  }
  print_text_or_json(command, text, [&](json::ObjectWriter& object) {
    object.flag("private", true);
    object.flag("created", cluster.is_created());
    object.flag("running", runs);
    object.text("directory", cluster.home().string());
    object.text("database", command.request().database);
    if (cluster.is_created()) object.text("version", cluster.version());
  });
  command.session().exit_code = runs ? 0 : 1;
}

void run_logs(DbCommand& command) {
  command.require_human();
  std::vector<std::string> lines = own_cluster(command).log_lines(command.options().lines);
  for (const std::string& line : lines) command.out() << line << "\n";
}

/// For other programs: psql "$(stator db url)". Prints no password, as that must not be in an argument list.
void run_url(DbCommand& command) {
  require_human_or_json(command.session());
  if (toolkit::configured_connection_url(command.request()).empty() && !own_cluster(command).is_running())
    throw CommandError("stator: the private PostgreSQL cluster is not running: stator db start");
  const std::string url = postgres::public_target(command.target().server).conninfo;
  print_text_or_json(command, url, [&](json::ObjectWriter& object) { object.text("url", url); });
}

void add_cluster_commands(CLI::App& db, Session& session, const std::shared_ptr<DbOptions>& options) {
  add_command(db, session, options, "start", "Start the private cluster; create it if necessary",
              "Example: stator db start", run_start);
  add_command(db, session, options, "status", "Show which server is used, and whether it runs",
              "Exits with 1 if none runs.\nExample: stator db status", run_status);
  CLI::App* logs = add_command(db, session, options, "logs", "Print the last lines of the private cluster's log",
                               "Example: stator db logs --lines 100", run_logs);
  logs->add_option("--lines", options->lines, "Number of lines")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  add_command(db, session, options, "url", "Print the URL for other programs (without a password)",
              "Example: psql \"$(stator db url)\"", run_url);
  add_command(db, session, options, "stop", "Stop the private cluster", "Example: stator db stop", run_stop);
}

void add_making_commands(CLI::App& db, Session& session, const std::shared_ptr<DbOptions>& options) {
  add_command(db, session, options, "create", "Create the database", "Example: stator db create", run_create);
  CLI::App* drop = add_command(db, session, options, "drop", "Drop the database if it exists",
                               "Example: stator db drop --force", run_drop);
  drop->add_flag("--force", options->force, "End other sessions on it first");
  add_command(db, session, options, "schema-load", "Load the model's tables (sql/schema.sql)",
              "Example: stator db schema-load", run_schema_load);
  add_command(db, session, options, "seed", "Load the model's sample rows (sql/seed.sql)", "Example: stator db seed",
              run_seed);
  CLI::App* setup =
      add_command(db, session, options, "setup", "Drop, create, schema-load and seed; stop at the first error",
                  "Example: stator db setup", run_setup);
  setup->add_flag("--force", options->force, "End other sessions on the database first");
}

void add_sessions_command(CLI::App& db, Session& session, const std::shared_ptr<DbOptions>& options) {
  CLI::App* sessions = add_command(
      db, session, options, "sessions", "List who is connected to the server, or end one of them",
      "Examples: stator db sessions --watch 5\n          stator db sessions end 4711", [](DbCommand& command) {
        if (command.options().action == "end") return end_session(command);
        watch_sessions(command);
      });
  sessions->alias("session");  // the command's earlier name
  sessions->add_option("action", options->action, "end: end one session")->type_name("")->check(CLI::IsMember({"end"}));
  sessions->add_option("pid", options->pid, "Its pid, as listed")
      ->type_name("")
      ->check(number_in(0, std::numeric_limits<int>::max()));
  CLI::Option* watch = sessions->add_option("--watch", options->watch_seconds, "Refresh every SECONDS (2)")
                           ->type_name("[SECONDS]")
                           ->expected(0, 1)
                           ->check(number_in(0.1, kMaxSeconds));
  sessions->add_option("--count", options->count, "With --watch: stop after this many refreshes")
      ->type_name("N")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1'000'000}));
  // Without --watch the list is printed once.
  sessions->parse_complete_callback([options, watch] {
    if (watch->count() == 0) options->count = 1;
  });
}

void add_using_commands(CLI::App& db, Session& session, const std::shared_ptr<DbOptions>& options) {
  add_command(db, session, options, "connect", "Hand the terminal to psql on the database",
              "Example: stator db connect", run_connect);
  add_sessions_command(db, session, options);
  CLI::App* query =
      add_command(db, session, options, "query", "Run one statement with bound parameters",
                  "Examples: stator db query 'SELECT * FROM users WHERE handle = $1' bayko --output json\n"
                  "          stator db query --named user-by-handle bayko\n"
                  "          stator db query 'COPY users FROM STDIN (FORMAT csv, HEADER)' < users.csv\n"
                  "A parameter \\N is NULL. In production statements may only read, unless --yes NAME is given.",
                  run_query);
  query->add_option("statement", options->statement, "The statement; $1, $2 stand for parameters")->type_name("");
  add_words(*query, "parameters", options->parameters, "Values for $1, $2, ...");
  query->add_option("--named", options->named, "The model's statement of this name (sql/queries/NAME.sql)")
      ->type_name("NAME");
  query->add_option("--timeout", options->timeout_seconds, "Give up after this many seconds (0: never)")
      ->type_name("SECONDS")
      ->check(number_in(0, kMaxSeconds));
  CLI::App* migrate =
      add_command(db, session, options, "migrate", "Apply or roll back the model's migrations (sql/migrations)",
                  "Examples: stator db migrate\n          stator db migrate status\n"
                  "          stator db migrate rollback --steps 2\n          stator db migrate new add_index",
                  run_migrate);
  migrate->add_option("action", options->action, "up (the default), status, rollback or new")
      ->type_name("")
      ->check(CLI::IsMember({"up", "status", "rollback", "new"}));
  migrate->add_option("name", options->name, "With new: the migration's name")->type_name("");
  migrate->add_option("--steps", options->steps, "With rollback: how many")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}));
}

}  // namespace

void add_db_commands(CLI::App& root, Session& session) {
  CLI::App* db = root.add_subcommand("db", "PostgreSQL: create, load, inspect and change the relational database");
  db->require_subcommand(1);
  db->footer("Example: stator db setup");
  const auto options = std::make_shared<DbOptions>();
  add_making_commands(*db, session, options);
  add_using_commands(*db, session, options);
  add_cluster_commands(*db, session, options);
}

}  // namespace stator::cli
