#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "postgres/connection.h"
#include "postgres/private_cluster.h"
#include "postgres/target.h"

/// The PostgreSQL server and database that the db commands work on.
namespace stator::toolkit {

struct DbRequest {
  /// --connection-url; empty: not given.
  std::string connection_url;
  bool production = false;
  std::string data_directory;
  /// The database if the URL names none, and the one in the private cluster.
  std::string database = "stator";
  /// Called with a line about each step that takes time.
  std::function<void(std::string_view)> tell = {};
};

struct DbTarget {
  /// Names `database` explicitly.
  postgres::Target server;
  std::string database;
  /// Production was requested, or the server is on another machine, so others may depend on its data.
  bool production = false;
  /// Set if the server is the private cluster.
  std::optional<postgres::PrivateCluster> private_cluster = {};
};

/// The configured connection URL: the option, else CONNECTION_URL (PROD_CONNECTION_URL in production); empty if there
/// is none.
std::string configured_connection_url(const DbRequest& request);

/// The server of that URL, else the private cluster, which is created and started as needed. Production is never the
/// private cluster: throws postgres::Error (kUsage) if its URL is missing.
DbTarget find_db_target(const DbRequest& request);

/// Connects to the target's database. If a private cluster has died, or is just starting or stopping, waits for it and
/// starts it again; throws any other fault as it is.
postgres::Connection connect(const DbTarget& target);
/// Connects to the maintenance database of the target's server, in the same way.
postgres::Connection connect_for_maintenance(const DbTarget& target);

/// The private cluster of a data directory; does not start it.
postgres::PrivateCluster private_cluster(const DbRequest& request);

}  // namespace stator::toolkit
