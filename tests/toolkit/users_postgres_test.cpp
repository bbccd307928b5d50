#include "toolkit/users_postgres.h"

#include <gtest/gtest.h>

#include <sstream>

#include "postgres/test_server.h"
#include "toolkit/db.h"

namespace stator::toolkit {
namespace {

namespace fs = std::filesystem;
using postgres::testing::contains;
using postgres::testing::error_of;
using postgres::testing::TestServer;

fs::path sql_directory() { return fs::path(STATOR_SOURCE_DIR) / "models/cruddur-messages/sql"; }

void set_up(const DbRequest& request) {
  std::ostringstream out;
  db_setup(find_db_target(request), postgres::SqlFiles(sql_directory()), true, out, [](std::string_view) {});
}

void expect_seeded_users(UserDirectory& users) {
  const auto andrew = users.find_by_handle("andrewbrown");
  ASSERT_TRUE(andrew.has_value());
  EXPECT_EQ(*andrew, (model::User{.uuid = "8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11",
                                  .handle = "andrewbrown",
                                  .display_name = "Andrew Brown",
                                  .email = "andrew@example.com"}));
  EXPECT_FALSE(users.find_by_handle("nobody' OR 'a'='a").has_value());
  EXPECT_FALSE(users.find_by_handle(std::string("a\0b", 3)).has_value());
  ASSERT_EQ(users.list().size(), 3U);
  EXPECT_EQ(users.list()[1].handle, "bayko");
}

class UsersFromPostgres : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("CONNECTION_URL");
    ::unsetenv("PROD_CONNECTION_URL");
  }
};

TEST_F(UsersFromPostgres, ComeFromTheServerThatIsConfigured) {
  const DbRequest request{.connection_url = TestServer::shared().url("users_test"), .data_directory = "unused"};
  set_up(request);
  const auto users = users_from_postgres(request, sql_directory());
  ASSERT_NE(users, nullptr);
  expect_seeded_users(*users);
  EXPECT_TRUE(contains(users->describe(), "PostgreSQL users_test on 127.0.0.1"));
  EXPECT_FALSE(contains(users->describe(), TestServer::kPassword));
}

TEST_F(UsersFromPostgres, SayWhatIsWrongWithAConfiguredServer) {
  const DbRequest missing{.connection_url = TestServer::shared().url("no_such_database"), .data_directory = "unused"};
  EXPECT_TRUE(contains(error_of([&] { users_from_postgres(missing, sql_directory()); }).what(), "does not exist"));
  const DbRequest empty{.connection_url = TestServer::shared().url("postgres"), .data_directory = "unused"};
  const auto users = users_from_postgres(empty, sql_directory());
  EXPECT_TRUE(contains(error_of([&] { users->find_by_handle("bayko"); }).what(), "no table of users"));
}

TEST_F(UsersFromPostgres, ComeFromThePrivateClusterOnlyWhileItRunsAndHasThem) {
  const postgres::testing::TempDirectory directory;
  const DbRequest request{.connection_url = {}, .data_directory = directory.path() / "data", .database = "cruddur"};
  const postgres::testing::ClusterGuard guard(request.data_directory);
  EXPECT_EQ(users_from_postgres(request, sql_directory()), nullptr);
  EXPECT_FALSE(fs::exists(request.data_directory)) << "asking starts nothing";
  find_db_target(request);
  EXPECT_EQ(users_from_postgres(request, sql_directory()), nullptr) << "no database yet";
  set_up(request);
  auto users = users_from_postgres(request, sql_directory());
  ASSERT_NE(users, nullptr);
  expect_seeded_users(*users);
  users.reset();
  private_cluster(request).stop();
  EXPECT_EQ(users_from_postgres(request, sql_directory()), nullptr);
}

TEST_F(UsersFromPostgres, AreNotThoseOfThePrivateClusterInProduction) {
  EXPECT_EQ(
      users_from_postgres({.connection_url = {}, .production = true, .data_directory = "unused"}, sql_directory()),
      nullptr);
}

}  // namespace
}  // namespace stator::toolkit
