#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/migrations.h"
#include "postgres/result.h"
#include "postgres/sql_files.h"
#include "toolkit/db_target.h"

/// What the db commands do. Each writes lines about what it did to `out`, and throws postgres::Error on faults.
namespace stator::toolkit {

void db_create(const DbTarget& target, std::ostream& out);

/// Throws if others are connected to the database, unless `force` is set.
void db_drop(const DbTarget& target, bool force, std::ostream& out);

/// Runs the whole file in one transaction.
void db_schema_load(const DbTarget& target, const postgres::SqlFiles& sql, std::ostream& out);
void db_seed(const DbTarget& target, const postgres::SqlFiles& sql, std::ostream& out);

struct SetupStep {
  std::string_view name;
  std::function<void()> run;
};
/// Drop, create, schema-load, seed. Calls `heading` with each step's name before it runs. An error's message begins
/// with "setup stopped at NAME: ".
void db_setup(const DbTarget& target, const postgres::SqlFiles& sql, bool force, std::ostream& out,
              const std::function<void(std::string_view)>& heading);

postgres::Result db_sessions(const DbTarget& target);
/// Throws postgres::Error (kUsage) if no other client session has that process id.
void db_end_session(const DbTarget& target, int process_id, std::ostream& out);

struct QueryOptions {
  postgres::Parameters parameters;
  /// The server refuses writes (SQLSTATE 25006).
  bool read_only = false;
  std::chrono::milliseconds timeout{0};
  /// Sources and sinks for a COPY from or to the client, and for rows as they arrive.
  postgres::Streams streams = {};
  /// Whether the columns passed to `streams.columns` have the element types of arrays of user-defined types
  /// (Connection::find_element_types).
  bool find_element_types = false;
  /// Called with each of the server's notices.
  std::function<void(const std::string&)> tell = {};
};
postgres::Result db_query(const DbTarget& target, std::string_view statement, const QueryOptions& options);

std::vector<postgres::MigrationStatus> db_migrate_status(const DbTarget& target, const postgres::SqlFiles& sql);
void db_migrate_up(const DbTarget& target, const postgres::SqlFiles& sql, std::ostream& out);
void db_migrate_rollback(const DbTarget& target, const postgres::SqlFiles& sql, std::size_t steps, std::ostream& out);
/// Whether a pending migration may remove data or structure.
bool db_pending_migrations_destroy(const DbTarget& target, const postgres::SqlFiles& sql);

/// Replaces the process with psql on that database; the password is passed in the environment. Connects before that, so
/// that faults are reported in one line. `read_only`: transactions are read-only unless the user changes that in psql.
/// Throws postgres::Error.
[[noreturn]] void db_connect(const DbTarget& target, bool read_only = false);

/// An error's text in one line; with `with_statement`, and if its position is known, followed by the statement's line
/// and a caret. If the private cluster died, also what its log says about that.
std::string db_explain(const postgres::Error& error, const DbTarget& target, bool with_statement);

}  // namespace stator::toolkit
