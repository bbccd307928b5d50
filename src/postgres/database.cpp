#include "postgres/database.h"

#include <chrono>
#include <thread>
#include <utility>

namespace stator::postgres {
namespace {

constexpr int kForceSince = 130000;
// Source: PostgreSQL manual, "PostgreSQL Error Codes".
constexpr std::string_view kDuplicateDatabase = "42P04";
constexpr std::string_view kUniqueViolation = "23505";
constexpr std::string_view kObjectInUse = "55006";
/// How long to retry while other sessions are connected to the template database.
constexpr std::chrono::seconds kTemplatePatience{10};
constexpr std::chrono::milliseconds kTemplatePause{200};

bool database_exists(Connection& connection, std::string_view name) {
  return connection.value("SELECT 1 FROM pg_database WHERE datname = $1", {std::string(name)}).has_value();
}

/// Reports that the database exists. Of two concurrent CREATE DATABASE, one fails at the catalogue's unique index.
[[noreturn]] void throw_exists(const Error& error, std::string_view name) {
  ErrorFields fields = error.fields();
  fields.message = "database \"" + std::string(name) + "\" already exists";
  fields.sqlstate = kDuplicateDatabase;
  throw Error(error.kind(), std::move(fields));
}

/// Does what WITH (FORCE) does, for servers before 13.
void end_sessions_of(Connection& connection, std::string_view name) {
  connection.execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
      {std::string(name)});
}

}  // namespace

Connection connect_for_maintenance(const Target& target) {
  Target maintenance = target;
  maintenance.database = "postgres";
  try {
    return Connection(maintenance);
  } catch (const Error& error) {
    // For any other fault, another database would not help, and this message is the right one.
    if (std::string_view(error.what()).find("does not exist") == std::string_view::npos) throw;
  }
  maintenance.database = "template1";
  return Connection(maintenance);
}

void create_database(Connection& maintenance, std::string_view name) {
  const auto deadline = std::chrono::steady_clock::now() + kTemplatePatience;
  while (true) {
    try {
      maintenance.execute("CREATE DATABASE " + quote_identifier(name));
      return;
    } catch (const Error& error) {
      if (error.sqlstate() == kUniqueViolation) throw_exists(error, name);
      // A session is connected to the template database, as another CREATE DATABASE may be for a moment.
      if (error.sqlstate() != kObjectInUse || std::chrono::steady_clock::now() > deadline) throw;
    }
    std::this_thread::sleep_for(kTemplatePause);
  }
}

bool drop_database(Connection& maintenance, std::string_view name, bool force) {
  const bool existed = database_exists(maintenance, name);
  const bool has_force = maintenance.server_version() >= kForceSince;
  if (force && !has_force) end_sessions_of(maintenance, name);
  try {
    maintenance.execute("DROP DATABASE IF EXISTS " + quote_identifier(name) +
                        (force && has_force ? " WITH (FORCE)" : ""));
  } catch (const Error& error) {
    // Another DROP DATABASE at the same moment may cause several kinds of catalogue errors.
    if (error.kind() != ErrorKind::kStatement || database_exists(maintenance, name)) throw;
    return false;
  }
  return existed;
}

Result list_sessions(Connection& connection) {
  return connection.execute(R"(SELECT pid, usename AS "user", datname AS database,
       coalesce(host(client_addr) || ':' || client_port, 'local') AS address, application_name AS application,
       coalesce(state, 'unknown') AS state,
       to_char(state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
       regexp_replace(query, '\s+', ' ', 'g') AS query
  FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
 ORDER BY backend_start, pid)");
}

bool end_session(Connection& connection, int process_id) {
  return connection
      .value(
          "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity "
          "WHERE pid = $1::int AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
          {std::to_string(process_id)})
      .has_value();
}

}  // namespace stator::postgres
