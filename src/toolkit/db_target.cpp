#include "toolkit/db_target.h"

#include <cstdlib>

#include "postgres/error.h"

namespace stator::toolkit {

std::string configured_connection_url(const DbRequest& request) {
  if (!request.connection_url.empty()) return request.connection_url;
  const char* url = std::getenv(request.production ? "PROD_CONNECTION_URL" : "CONNECTION_URL");
  return url == nullptr ? "" : url;
}

postgres::PrivateCluster private_cluster(const DbRequest& request) {
  return postgres::PrivateCluster({.data_directory = request.data_directory, .tell = request.tell});
}

DbTarget find_db_target(const DbRequest& request) {
  DbTarget target{
      .server = {.url = configured_connection_url(request)}, .database = {}, .production = request.production};
  if (!target.server.url.empty()) {
    target.database = postgres::target_parts(target.server).database;
    if (target.database.empty()) target.database = kDefaultDatabase;
    target.server.database = target.database;
    return target;
  }
  if (request.production) {
    throw postgres::Error(postgres::ErrorKind::kUsage,
                          "PROD_CONNECTION_URL is not set; it names the production database, "
                          "as in postgresql://user@host:5432/cruddur");
  }
  target.private_cluster = private_cluster(request);
  target.private_cluster->start();
  target.database = kDefaultDatabase;
  target.server = target.private_cluster->target(target.database);
  return target;
}

}  // namespace stator::toolkit
