#include "postgres/migrations.h"

#include <gtest/gtest.h>

#include <thread>

#include "test_server.h"

namespace stator::postgres {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::error_of;
using testing::TestDatabase;

/// A folder of migrations, and an empty database for each test.
class MigratorTest : public ::testing::Test {
 protected:
  MigratorTest() : database_("migrations"), connection_(database_.target()) {}

  void write(const std::string& file, const std::string& sql) const { std::ofstream(directory_.path() / file) << sql; }
  void write_two() const {
    write("0001_first.up.sql", "CREATE TABLE first (a int);");
    write("0001_first.down.sql", "DROP TABLE first;");
    write("0002_second.up.sql", "CREATE TABLE second (a int); INSERT INTO second VALUES (1);");
    write("0002_second.down.sql", "DROP TABLE second;");
  }
  Migrator migrator() { return {connection_, read_migrations(directory_.path())}; }
  std::vector<std::string> up() {
    std::vector<std::string> applied;
    migrator().up([&](const std::string& name) { applied.push_back(name); });
    return applied;
  }
  /// Two migrators run at once; returns how many files they apply in total.
  std::size_t up_by_two_at_once() {
    std::size_t counts[2] = {0, 0};
    std::vector<std::thread> threads;
    for (std::size_t& count : counts) {
      threads.emplace_back([&] {
        Connection connection(database_.target());
        count = Migrator(connection, read_migrations(directory_.path())).up([](const std::string&) {});
      });
    }
    for (std::thread& thread : threads) thread.join();
    return counts[0] + counts[1];
  }
  std::vector<std::string> roll_back(std::size_t steps) {
    std::vector<std::string> undone;
    migrator().roll_back(steps, [&](const std::string& name) { undone.push_back(name); });
    return undone;
  }
  std::vector<MigrationState> states() {
    std::vector<MigrationState> states;
    for (const MigrationStatus& status : migrator().status()) states.push_back(status.state);
    return states;
  }
  bool has_table(const std::string& name) {
    return connection_.value("SELECT to_regclass($1)::text", {name}).has_value();
  }

  testing::TempDirectory directory_;
  TestDatabase database_;
  Connection connection_;
};

using Names = std::vector<std::string>;
using States = std::vector<MigrationState>;

TEST_F(MigratorTest, AppliesInOrderOnceAndRecordsIt) {
  write_two();
  write("0010_third.up.sql", "ALTER TABLE second ADD COLUMN b int");
  EXPECT_EQ(states(), (States{MigrationState::kPending, MigrationState::kPending, MigrationState::kPending}));
  EXPECT_FALSE(has_table("stator_migrations")) << "status changes nothing";
  EXPECT_EQ(up(), (Names{"0001_first", "0002_second", "0010_third"}));
  EXPECT_EQ(up(), Names{});
  EXPECT_EQ(states(), (States{MigrationState::kApplied, MigrationState::kApplied, MigrationState::kApplied}));
  EXPECT_FALSE(migrator().status().front().applied_at.empty());
}

TEST_F(MigratorTest, TakesBackNewestFirst) {
  write_two();
  up();
  EXPECT_EQ(roll_back(1), Names{"0002_second"});
  EXPECT_FALSE(has_table("second"));
  EXPECT_TRUE(has_table("first"));
  EXPECT_EQ(up(), Names{"0002_second"});
  EXPECT_EQ(roll_back(5), (Names{"0002_second", "0001_first"}));
  EXPECT_EQ(roll_back(1), Names{});
}

TEST_F(MigratorTest, KeepsWhatStandsBeforeAFailureAndNothingOfIt) {
  write_two();
  write("0002_second.up.sql", "CREATE TABLE second (a int);\nCREATE TABLE second (a int);");
  const Error error = error_of([&] { up(); });
  EXPECT_TRUE(contains(error.what(), "migration 0002_second: relation \"second\" already exists")) << error.what();
  EXPECT_EQ(error.sqlstate(), "42P07");
  EXPECT_TRUE(has_table("first"));
  EXPECT_FALSE(has_table("second"));
  EXPECT_EQ(states(), (States{MigrationState::kApplied, MigrationState::kPending}));
}

TEST_F(MigratorTest, WhatAFileSetsDoesNotReachTheNext) {
  write("0001_dump.up.sql",
        "SELECT pg_catalog.set_config('search_path', '', false); CREATE ROLE migrator_test; SET ROLE migrator_test;");
  write("0002_next.up.sql", "CREATE TABLE next (a int); DROP ROLE migrator_test;");
  EXPECT_EQ(up(), (Names{"0001_dump", "0002_next"}));
  EXPECT_TRUE(has_table("next"));
}

TEST_F(MigratorTest, EndsBetweenTwoFilesWhereItIsInterrupted) {
  write_two();
  Target target = database_.target();
  bool interrupted = false;
  target.interrupted = [&] { return interrupted; };
  Connection connection(target);
  const auto apply = [&] {
    Migrator(connection, read_migrations(directory_.path())).up([&](const std::string&) { interrupted = true; });
  };
  EXPECT_EQ(error_of(apply).sqlstate(), "57014");
  EXPECT_EQ(states(), (States{MigrationState::kApplied, MigrationState::kPending}));
}

TEST_F(MigratorTest, NoticesFilesThatChangedOrWent) {
  write_two();
  up();
  write("0001_first.up.sql", "CREATE TABLE first (a bigint);");
  EXPECT_EQ(states(), (States{MigrationState::kChanged, MigrationState::kApplied}));
  EXPECT_TRUE(contains(error_of([&] { up(); }).what(), "0001_first was changed"));
  std::filesystem::remove(directory_.path() / "0001_first.up.sql");
  std::filesystem::remove(directory_.path() / "0001_first.down.sql");
  EXPECT_EQ(states(), (States{MigrationState::kMissing, MigrationState::kApplied}));
  EXPECT_TRUE(contains(error_of([&] { up(); }).what(), "its file is gone"));
  EXPECT_TRUE(contains(error_of([&] { roll_back(2); }).what(), "there is no 0001_first.down.sql"));
}

TEST_F(MigratorTest, RefusesToSlipOneInBeforeAnAppliedOne) {
  write("0002_second.up.sql", "CREATE TABLE second (a int)");
  up();
  write("0001_first.up.sql", "CREATE TABLE first (a int)");
  EXPECT_TRUE(contains(error_of([&] { up(); }).what(), "later number"));
  EXPECT_FALSE(has_table("first"));
}

TEST_F(MigratorTest, TwoAtOnceDoTheWorkOnce) {
  write("0001_slow.up.sql", "CREATE TABLE slow (a int); SELECT pg_sleep(0.3);");
  write("0002_more.up.sql", "CREATE TABLE more (a int);");
  EXPECT_EQ(up_by_two_at_once(), 2U);
}

TEST_F(MigratorTest, RunsAFileThatRefusesATransactionWhileAnotherWaits) {
  write("0001_table.up.sql", "CREATE TABLE many (a int); INSERT INTO many SELECT generate_series(1, 1000);");
  write("0002_index.up.sql",
        "-- stator: no transaction\nSELECT pg_sleep(0.5);\nCREATE INDEX CONCURRENTLY by_a ON many (a);");
  write("0002_index.down.sql", "-- stator: no transaction\nDROP INDEX CONCURRENTLY by_a;");
  EXPECT_EQ(up_by_two_at_once(), 2U);
  EXPECT_TRUE(has_table("by_a"));
  EXPECT_EQ(roll_back(1), Names{"0002_index"});
  EXPECT_FALSE(has_table("by_a"));
}

TEST_F(MigratorTest, SaysWhatToDoWhereAStatementRefusesATransactionOrFailsWithoutOne) {
  write("0001_first.up.sql", "CREATE TABLE first (a int); CREATE INDEX CONCURRENTLY by_a ON first (a)");
  EXPECT_TRUE(contains(error_of([&] { up(); }).what(), "-- stator: no transaction"));
  EXPECT_FALSE(has_table("first"));
  write("0001_first.up.sql", "-- stator: no transaction\nCREATE TABLE first (a int);\nSELECT 1/0");
  const std::string text = error_of([&] { up(); }).what();
  EXPECT_TRUE(contains(text, "migration 0001_first: division by zero at line 3")) << text;
  EXPECT_TRUE(contains(text, "earlier statements did stays")) << text;
  EXPECT_TRUE(has_table("first"));
  EXPECT_EQ(states(), States{MigrationState::kPending});
}

TEST_F(MigratorTest, MakesTheNextOneWhichIsToBeWritten) {
  const testing::TempDirectory other;
  const fs::path nested = other.path() / "none" / "yet";
  EXPECT_EQ(make_migration(nested, "first").front(), nested / "0001_first.up.sql");
  write("00009_a.up.sql", "CREATE TABLE a (b int)");
  const std::vector<fs::path> made = make_migration(directory_.path(), "add-b_c");
  EXPECT_EQ(made, (std::vector<fs::path>{directory_.path() / "00010_add-b_c.up.sql",
                                         directory_.path() / "00010_add-b_c.down.sql"}));
  EXPECT_TRUE(contains(error_of([&] { up(); }).what(), "migration 00010_add-b_c holds no statement yet"));
  write("00010_add-b_c.up.sql", "ALTER TABLE a ADD c int");
  EXPECT_EQ(up(), Names{"00010_add-b_c"});
  EXPECT_TRUE(contains(error_of([&] { roll_back(1); }).what(), "down.sql holds no statement"));
  for (const char* name : {"", "a b", "../a", "é"}) {
    EXPECT_EQ(error_of([&] { make_migration(directory_.path(), name); }).kind(), ErrorKind::kUsage) << name;
  }
}

TEST_F(MigratorTest, FindsNothingToDoWithoutADirectory) {
  EXPECT_TRUE(read_migrations(directory_.path() / "none").empty());
  EXPECT_EQ(up(), Names{});
}

TEST_F(MigratorTest, SaysWhereAConnectionWasCut) {
  write("0001_cut.up.sql", "SELECT pg_terminate_backend(pg_backend_pid())");
  const Error error = error_of([&] { up(); });
  EXPECT_EQ(error.kind(), ErrorKind::kLost);
  EXPECT_TRUE(contains(error.what(), "migration 0001_cut: the connection was cut")) << error.what();
}

struct NameCase {
  std::vector<std::string> files;
  const char* complaint;
};

TEST(ReadMigrations, RefusesWhatItCannotPutInOrder) {
  const NameCase cases[] = {
      {{"first.up.sql"}, "begin with a number"},     {{"0001.up.sql"}, "begin with a number"},
      {{"0001_.up.sql"}, "begin with a number"},     {{"99999999999_x.up.sql"}, "begin with a number"},
      {{"0001_a.sql"}, "is not a migration"},        {{"0001_a.up.sql", "1_b.up.sql"}, "the same number"},
      {{"0001_a.down.sql"}, "has no 0001_a.up.sql"},
  };
  for (const NameCase& each : cases) {
    const testing::TempDirectory directory;
    for (const std::string& file : each.files) std::ofstream(directory.path() / file) << "SELECT 1";
    const std::string text = error_of([&] { read_migrations(directory.path()); }).what();
    EXPECT_TRUE(contains(text, each.complaint)) << text;
  }
}

TEST(ReadMigrations, RefusesAFileThatEndsItsTransaction) {
  const testing::TempDirectory directory;
  std::ofstream(directory.path() / "0001_a.up.sql") << "CREATE TABLE a (b int); COMMIT;";
  EXPECT_TRUE(contains(error_of([&] { read_migrations(directory.path()); }).what(), "holds COMMIT"));
}

}  // namespace
}  // namespace stator::postgres
