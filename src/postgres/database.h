#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postgres/connection.h"

namespace stator::postgres {

/// Connects to the same server's maintenance database: `postgres`, else `template1`.
Connection connect_for_maintenance(const Target& target);

/// Throws Error with SQLSTATE 42P04 if it exists, also if another session creates it at the same moment.
void create_database(Connection& maintenance, std::string_view name);

/// DROP DATABASE IF EXISTS. Returns false if there was none, or if another session dropped it at the same moment.
/// `force` ends other sessions of the database, which otherwise are an error (55006).
bool drop_database(Connection& maintenance, std::string_view name, bool force);

/// The client sessions of all databases except this connection's, oldest first.
/// Columns: pid, user, database, address, application, state, since, query.
Result list_sessions(Connection& connection);

/// Ends one session. Returns false if no client session has that process id. Throws Error if the server does not permit
/// it.
bool end_session(Connection& connection, int process_id);

}  // namespace stator::postgres
