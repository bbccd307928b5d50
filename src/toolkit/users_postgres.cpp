#include "toolkit/users_postgres.h"

#include <utility>

#include "postgres/connection.h"
#include "postgres/sql_files.h"

namespace stator::toolkit {
namespace {

using postgres::Connection;

constexpr std::string_view kNoSuchTable = "42P01";

/// The columns that a query must return, in this order; the model's file has the query.
model::User to_user(const postgres::Row& row) {
  if (row.size() != 4 || !row[0] || !row[1]) {
    throw postgres::Error(postgres::ErrorKind::kUsage,
                          "the model's user queries must select uuid, handle, display_name and email");
  }
  return {.uuid = *row[0], .handle = *row[1], .display_name = row[2].value_or(""), .email = row[3].value_or("")};
}

class PostgresUsers : public UserDirectory {
 public:
  PostgresUsers(Connection connection, postgres::SqlFiles sql, std::string description)
      : connection_(std::move(connection)), sql_(std::move(sql)), description_(std::move(description)) {}

  std::optional<model::User> find_by_handle(std::string_view handle) override {
    // PostgreSQL's text cannot contain NUL, so nobody has this handle.
    if (handle.find('\0') != std::string_view::npos) return std::nullopt;
    const postgres::Result found = ask("user-by-handle", {std::string(handle)});
    if (found.rows.empty()) return std::nullopt;
    return to_user(found.rows.front());
  }

  std::vector<model::User> list() override {
    std::vector<model::User> users;
    for (const postgres::Row& row : ask("users", {}).rows) users.push_back(to_user(row));
    return users;
  }

  [[nodiscard]] std::string describe() const override { return description_; }

 private:
  postgres::Result ask(std::string_view query, const postgres::Parameters& parameters) {
    try {
      return connection_.execute(sql_.query(query), parameters);
    } catch (const postgres::Error& error) {
      if (error.sqlstate() != kNoSuchTable) throw;
      throw postgres::Error(postgres::ErrorKind::kStatement,
                            description_ + " has no table of users: stator db schema-load creates it");
    }
  }

  Connection connection_;
  postgres::SqlFiles sql_;
  std::string description_;
};

std::unique_ptr<UserDirectory> users_of_private_cluster(const DbRequest& request, const std::filesystem::path& sql) {
  const postgres::PrivateCluster cluster = private_cluster(request);
  if (!cluster.is_running()) return nullptr;
  try {
    Connection connection(cluster.target(request.database));
    if (!connection.value("SELECT to_regclass('public.users')::text")) return nullptr;
    return std::make_unique<PostgresUsers>(std::move(connection), postgres::SqlFiles(sql),
                                           "PostgreSQL " + request.database + " in the private cluster");
  } catch (const postgres::Error& error) {
    // The database does not exist yet (`db create`), or the cluster is being stopped.
    if (error.kind() == postgres::ErrorKind::kConnect) return nullptr;
    throw;
  }
}

}  // namespace

std::unique_ptr<UserDirectory> users_from_postgres(const DbRequest& request,
                                                   const std::filesystem::path& sql_directory) {
  if (configured_connection_url(request).empty()) {
    return request.production ? nullptr : users_of_private_cluster(request, sql_directory);
  }
  const DbTarget target = find_db_target(request);
  return std::make_unique<PostgresUsers>(Connection(target.server), postgres::SqlFiles(sql_directory),
                                         "PostgreSQL " + postgres::describe(target.server));
}

}  // namespace stator::toolkit
