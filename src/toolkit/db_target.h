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
  /// The database where the URL names none, and in the private cluster.
  std::string database = "stator";
  /// Gets a line about each step that takes time.
  std::function<void(std::string_view)> tell = {};
};

struct DbTarget {
  /// Names `database` explicitly.
  postgres::Target server;
  std::string database;
  /// Production by request, or on another machine: data lost there is lost to others.
  bool production = false;
  /// Set where the server is the private cluster.
  std::optional<postgres::PrivateCluster> private_cluster = {};
};

/// The configured connection URL: the option, else CONNECTION_URL (PROD_CONNECTION_URL in production); empty:
/// none.
std::string configured_connection_url(const DbRequest& request);

/// The server of that URL, else the private cluster, which is created and started as needed. Production is never the
/// private cluster: throws postgres::Error (kUsage) where its URL is missing.
DbTarget find_db_target(const DbRequest& request);

/// Connects to the target's database. A private cluster that died, or that is only now starting or stopping, is waited
/// for and started anew; any other fault is thrown as it is.
postgres::Connection connect(const DbTarget& target);
/// The same to the maintenance database of its server.
postgres::Connection connect_for_maintenance(const DbTarget& target);

/// The private cluster of a data directory; nothing is started.
postgres::PrivateCluster private_cluster(const DbRequest& request);

}  // namespace stator::toolkit
