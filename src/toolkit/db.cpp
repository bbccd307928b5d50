#include "toolkit/db.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <utility>

#include "core/signals.h"
#include "postgres/database.h"
#include "postgres/sql_words.h"
#include "postgres/work_lock.h"
#include "toolkit/text_table.h"

namespace stator::toolkit {
namespace {

using postgres::Connection;
using postgres::Error;
using postgres::ErrorFields;
using postgres::ErrorKind;
using postgres::WorkLock;

constexpr std::string_view kObjectInUse = "55006";

/// Throws the same error with another message.
[[noreturn]] void rethrow(const Error& error, std::string message) {
  ErrorFields fields = error.fields();
  fields.message = std::move(message);
  throw Error(error.kind(), std::move(fields));
}

/// Passes on the server's notices, even if an error ended the statement.
class NoticesPassedOn {
 public:
  NoticesPassedOn(Connection& connection, std::function<void(const std::string&)> tell)
      : connection_(connection), tell_(std::move(tell)) {}
  NoticesPassedOn(const NoticesPassedOn&) = delete;
  NoticesPassedOn& operator=(const NoticesPassedOn&) = delete;
  ~NoticesPassedOn() {
    try {
      pass_on();
    } catch (const std::exception&) {  // the reader left
    }
  }

  void pass_on() {
    if (!tell_) return;
    for (const std::string& notice : connection_.take_notices()) tell_(notice);
  }

 private:
  Connection& connection_;
  std::function<void(const std::string&)> tell_;
};

std::function<void(const std::string&)> printing_to(std::ostream& out) {
  return [&out](const std::string& notice) { out << printable(notice) << '\n'; };
}

void run_file(const DbTarget& target, const std::filesystem::path& file, const std::string& text, std::ostream& out) {
  Connection connection = connect(target);
  const NoticesPassedOn notices(connection, printing_to(out));
  const WorkLock lock = WorkLock::on_contents(connection);
  try {
    connection.execute_script(text);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kStatement && error.kind() != ErrorKind::kUsage) throw;
    rethrow(error, file.string() + ": " + error.fields().message);
  }
}

void load_file(const DbTarget& target, const std::filesystem::path& file, const std::string& text, std::ostream& out) {
  run_file(target, file, text, out);
  out << "loaded " << file.string() << " into " << target.database << '\n';
}

std::string count_text(const std::string& count, std::string_view noun) {
  return count + ' ' + std::string(noun) + (count == "1" ? "" : "s");
}

void create_locked(Connection& maintenance, const DbTarget& target, std::ostream& out) {
  postgres::create_database(maintenance, target.database);
  out << "created database " << target.database << '\n';
}

void drop_locked(Connection& maintenance, const DbTarget& target, bool force, std::ostream& out) {
  try {
    const bool existed = postgres::drop_database(maintenance, target.database, force);
    out << (existed ? "dropped database " : "there was no database ") << target.database << '\n';
  } catch (const Error& error) {
    if (error.sqlstate() != kObjectInUse || force) throw;
    rethrow(error, error.fields().message + " (--force ends them)");
  }
}

/// Uses its own connection, as the first rows of the statement are arriving on the other.
void find_element_types(const DbTarget& target, std::vector<postgres::Column>& columns,
                        const std::function<void(const std::string&)>& tell) {
  if (std::ranges::none_of(columns, postgres::has_type_of_database)) return;
  try {
    connect(target).find_element_types(columns);
  } catch (const Error& error) {
    // The statement is running; rows in a poorer form are better than none.
    if (tell) tell("arrays of this database's own types are text: " + error.fields().message);
  }
}

}  // namespace

void db_create(const DbTarget& target, std::ostream& out) {
  Connection maintenance = connect_for_maintenance(target);
  const WorkLock lock = WorkLock::on_database(maintenance, target.database);
  create_locked(maintenance, target, out);
}

void db_drop(const DbTarget& target, bool force, std::ostream& out) {
  Connection maintenance = connect_for_maintenance(target);
  const WorkLock lock = WorkLock::on_database(maintenance, target.database);
  drop_locked(maintenance, target, force, out);
}

void db_schema_load(const DbTarget& target, const postgres::SqlFiles& sql, std::ostream& out) {
  load_file(target, sql.directory() / "schema.sql", sql.schema(), out);
}

void db_seed(const DbTarget& target, const postgres::SqlFiles& sql, std::ostream& out) {
  load_file(target, sql.directory() / "seed.sql", sql.seed(), out);
}

void db_setup(const DbTarget& target, const postgres::SqlFiles& sql, bool force, std::ostream& out,
              const std::function<void(std::string_view)>& heading) {
  // Read before anything is dropped, so that a missing file does not cost the old database.
  const std::string schema = sql.schema();
  const std::string seed = sql.seed();
  Connection maintenance = connect_for_maintenance(target);
  // Held over all steps, as a second setup would drop the database between this one's create and its schema.
  const WorkLock lock = WorkLock::on_database(maintenance, target.database);
  const std::array<SetupStep, 4> steps{
      SetupStep{"drop", [&] { drop_locked(maintenance, target, force, out); }},
      SetupStep{"create", [&] { create_locked(maintenance, target, out); }},
      SetupStep{"schema-load", [&] { load_file(target, sql.directory() / "schema.sql", schema, out); }},
      SetupStep{"seed", [&] { load_file(target, sql.directory() / "seed.sql", seed, out); }},
  };
  for (const SetupStep& step : steps) {
    heading(step.name);
    try {
      maintenance.check_interrupted();
      step.run();
    } catch (const Error& error) {
      rethrow(error, "setup stopped at " + std::string(step.name) + ": " + error.fields().message);
    }
  }
}

postgres::Result db_sessions(const DbTarget& target) {
  Connection connection = connect_for_maintenance(target);
  return postgres::list_sessions(connection);
}

void db_end_session(const DbTarget& target, int process_id, std::ostream& out) {
  Connection connection = connect_for_maintenance(target);
  if (!postgres::end_session(connection, process_id)) {
    throw Error(ErrorKind::kUsage,
                "no session has pid " + std::to_string(process_id) + ": stator db sessions lists those there are");
  }
  out << "ended session " << process_id << '\n';
}

postgres::Result db_query(const DbTarget& target, std::string_view statement, const QueryOptions& options) {
  DbTarget limited = target;
  limited.server.statement_timeout = options.timeout;
  Connection connection = connect(limited);
  const NoticesPassedOn notices(connection, options.tell);
  if (options.read_only) connection.execute("SET default_transaction_read_only = on");
  postgres::Streams streams = options.streams;
  if (options.find_element_types) {
    streams.columns = [&](const std::vector<postgres::Column>& columns) {
      std::vector<postgres::Column> found = columns;
      find_element_types(limited, found, options.tell);
      options.streams.columns(found);
    };
  }
  return connection.execute(statement, options.parameters, streams);
}

std::vector<postgres::MigrationStatus> db_migrate_status(const DbTarget& target, const postgres::SqlFiles& sql) {
  auto migrations = postgres::read_migrations(sql.migrations_directory());
  Connection connection = connect(target);
  return postgres::Migrator(connection, std::move(migrations)).status();
}

void db_migrate_up(const DbTarget& target, const postgres::SqlFiles& sql, std::ostream& out) {
  auto migrations = postgres::read_migrations(sql.migrations_directory());
  Connection connection = connect(target);
  NoticesPassedOn notices(connection, printing_to(out));
  const std::size_t count = postgres::Migrator(connection, std::move(migrations)).up([&](const std::string& name) {
    notices.pass_on();
    out << "applied " << name << '\n';
  });
  out << count_text(std::to_string(count), "migration") << " applied\n";
}

void db_migrate_rollback(const DbTarget& target, const postgres::SqlFiles& sql, std::size_t steps, std::ostream& out) {
  auto migrations = postgres::read_migrations(sql.migrations_directory());
  Connection connection = connect(target);
  NoticesPassedOn notices(connection, printing_to(out));
  const std::size_t count =
      postgres::Migrator(connection, std::move(migrations)).roll_back(steps, [&](const std::string& name) {
        notices.pass_on();
        out << "rolled back " << name << '\n';
      });
  out << count_text(std::to_string(count), "migration") << " rolled back\n";
}

bool db_pending_migrations_destroy(const DbTarget& target, const postgres::SqlFiles& sql) {
  const auto migrations = postgres::read_migrations(sql.migrations_directory());
  Connection connection = connect(target);
  for (const auto& status : postgres::Migrator(connection, migrations).status()) {
    if (status.state != postgres::MigrationState::kPending) continue;
    for (const auto& migration : migrations) {
      if (migration.name == status.name && postgres::sql_destroys(migration.up)) return true;
    }
  }
  return false;
}

namespace {

/// The conninfo with a setting added to the options that the session begins with. `others`: the existing options. All
/// go into the conninfo, as `options` in a URL or a service takes precedence over PGOPTIONS.
std::string with_session_setting(const std::string& conninfo, const std::string& others, const std::string& setting) {
  std::string quoted;
  for (const char byte : others) {
    if (byte == '\'' || byte == '\\') quoted += '\\';
    quoted += byte;
  }
  return conninfo + " options='" + quoted + (others.empty() ? "" : " ") + "-c " + setting + "'";
}

}  // namespace

void db_connect(const DbTarget& target, bool read_only) {
  { const Connection probe = connect(target); }
  const postgres::PublicTarget open = postgres::public_target(target.server);
  if (!open.password.empty()) ::setenv("PGPASSWORD", open.password.c_str(), 1);
  core::restore_signals_of_writes();
  // The last `options` in a conninfo counts. TargetParts::options are those that libpq would use (URL, service,
  // PGOPTIONS).
  const std::string conninfo = read_only
                                   ? with_session_setting(open.conninfo, postgres::target_parts(target.server).options,
                                                          "default_transaction_read_only=on")
                                   : open.conninfo;
  std::array<const char*, 3> arguments{"psql", conninfo.c_str(), nullptr};
  ::execvp(arguments[0], const_cast<char* const*>(arguments.data()));
  if (errno == ENOENT) throw Error(ErrorKind::kMissing, "psql is not installed: apt-get install postgresql-client");
  throw Error(ErrorKind::kMissing, std::string("psql could not be run: ") + std::strerror(errno));
}

std::string db_explain(const Error& error, const DbTarget& target, bool with_statement) {
  const bool tells_place = with_statement && error.fields().position > 0;
  std::string text = tells_place ? error.explained() : error.what();
  // Name the command that creates what is missing.
  constexpr std::string_view kNoDatabase = "3D000";
  constexpr std::string_view kNoTable = "42P01";
  if (error.sqlstate() == kNoDatabase ||
      text.find("database \"" + target.database + "\" does not exist") != text.npos) {
    text += "; stator db setup creates it";
  } else if (error.sqlstate() == kNoTable) {
    // After a statement and its caret, on a separate line.
    text += (text.find('\n') == std::string::npos ? "; " : "\n") +
            std::string("stator db schema-load loads the model's tables");
  }
  if (target.private_cluster && (error.kind() == ErrorKind::kLost || error.kind() == ErrorKind::kConnect) &&
      !target.private_cluster->is_running()) {
    const std::string fatal = target.private_cluster->last_fatal_message();
    if (!fatal.empty()) text += "; the private cluster's log says: " + postgres::one_line(fatal);
  }
  return text;
}

}  // namespace stator::toolkit
