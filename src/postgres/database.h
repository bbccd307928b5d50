#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postgres/connection.h"

namespace stator::postgres {

/// A connection to the same server's maintenance database: `postgres`, else `template1`.
Connection connect_for_maintenance(const Target& target);

/// Throws Error with SQLSTATE 42P04 where it exists, also where another session created it at the same moment.
void create_database(Connection& maintenance, std::string_view name);

/// DROP DATABASE IF EXISTS; false where there was none, or where another session dropped it at the same moment. With
/// `force` ends other sessions of the database, which otherwise are an error (55006).
bool drop_database(Connection& maintenance, std::string_view name, bool force);

/// The client sessions of all databases, without this connection's, oldest first.
/// Columns: pid, user, database, address, application, state, since, query.
Result list_sessions(Connection& connection);

/// Ends one session. False where no client session has that process id. Throws Error where the server does not permit
/// it.
bool end_session(Connection& connection, int process_id);

}  // namespace stator::postgres
