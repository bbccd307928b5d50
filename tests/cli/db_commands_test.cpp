#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/command_line.h"
#include "postgres/test_server.h"

/// The db commands as a user types them, each on a server with a password and on a private cluster.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;
using postgres::testing::ClusterGuard;
using postgres::testing::contains;
using postgres::testing::TempDirectory;
using postgres::testing::TestServer;

fs::path models_directory() {
  fs::path directory = fs::path(STATOR_SOURCE_DIR) / "models";
  return directory;
}

/// Runs a command line with the project's models.
Outcome run_here(const std::vector<std::string>& words, const std::string& typed = "", bool at_terminal = false) {
  ::setenv("STATOR_MODELS", models_directory().c_str(), 1);
  return run_line(words, typed, at_terminal);
}

/// Runs the same command line in several processes at once; returns the combined output and exit status of each.
std::vector<Outcome> run_at_once(std::size_t processes, const std::vector<std::string>& words) {
  struct Running {
    pid_t process = 0;
    int output = -1;
  };
  std::vector<Running> all;
  for (std::size_t i = 0; i < processes; ++i) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const Outcome outcome = run_here(words);
      const std::string text = outcome.out + outcome.err;
      ::_exit(::write(ends[1], text.data(), text.size()) < 0 ? 99 : outcome.code);
    }
    ::close(ends[1]);
    all.push_back({child, ends[0]});
  }
  std::vector<Outcome> outcomes;
  for (const Running& running : all) {
    Outcome outcome;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(running.output, buffer, sizeof buffer)) > 0;) {
      outcome.out.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(running.output);
    int status = 0;
    ::waitpid(running.process, &status, 0);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Checks what holds for every error: status 1, one line, no password.
void expect_fault(const Outcome& outcome, std::string_view words) {
  EXPECT_EQ(outcome.code, 1) << outcome.out << outcome.err;
  EXPECT_EQ(count_lines(outcome.err), 1U) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, words)) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, TestServer::kPassword)) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, TestServer::kPasswordInUrl)) << outcome.err;
}

enum class Where { kServer, kPrivateCluster };

/// One private cluster for the whole program, since creating one takes a second.
struct SharedCluster {
  TempDirectory directory;
  ClusterGuard guard{directory.path() / "data"};
  static SharedCluster& get() {
    static SharedCluster cluster;
    return cluster;
  }
};

class DbCommands : public ::testing::TestWithParam<Where> {
 protected:
  void SetUp() override {
    ::unsetenv("PROD_CONNECTION_URL");
    if (GetParam() == Where::kServer) {
      ::setenv("CONNECTION_URL", TestServer::shared().url("cruddur").c_str(), 1);
    } else {
      ::unsetenv("CONNECTION_URL");
    }
    run_db({"drop", "--force"});
  }
  void TearDown() override { ::unsetenv("CONNECTION_URL"); }

  static Outcome run_db(std::vector<std::string> words, const std::string& typed = "") {
    words.insert(words.begin(), "db");
    words.push_back("--data");
    words.push_back(SharedCluster::get().directory.path() / "data");
    return run_here(words, typed);
  }
  static std::vector<Outcome> five_at_once(std::vector<std::string> words) {
    words.insert(words.begin(), "db");
    words.push_back("--data");
    words.push_back(SharedCluster::get().directory.path() / "data");
    return run_at_once(5, words);
  }
  /// Expects all to succeed; returns how many printed `words`.
  static std::size_t count_of_five(const std::vector<std::string>& command, std::string_view words) {
    std::size_t count = 0;
    for (const Outcome& outcome : five_at_once(command)) {
      EXPECT_EQ(outcome.code, 0) << outcome.out;
      count += contains(outcome.out, words) ? 1U : 0U;
    }
    return count;
  }
  static Outcome ok(const std::vector<std::string>& words) {
    Outcome outcome = run_db(words);
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    return outcome;
  }
};

INSTANTIATE_TEST_SUITE_P(Everywhere, DbCommands, ::testing::Values(Where::kServer, Where::kPrivateCluster),
                         [](const auto& where) { return where.param == Where::kServer ? "Server" : "PrivateCluster"; });

TEST_P(DbCommands, CreateMakesTheDatabaseOnce) {
  EXPECT_EQ(ok({"create"}).out, "== db-create\ncreated database cruddur\n");
  expect_fault(run_db({"create"}), "database \"cruddur\" already exists");
}

TEST_P(DbCommands, DropIsContentWhereThereIsNone) {
  EXPECT_EQ(ok({"drop"}).out, "== db-drop\nthere was no database cruddur\n");
  ok({"create"});
  EXPECT_EQ(ok({"drop"}).out, "== db-drop\ndropped database cruddur\n");
}

TEST_P(DbCommands, OneOfFiveCreatesAtOnceMakesItAndTheOthersSayThatItExists) {
  for (int round = 0; round < 3; ++round) {
    run_db({"drop"});
    std::size_t made = 0;
    for (const Outcome& outcome : five_at_once({"create"})) {
      made += outcome.code == 0 ? 1U : 0U;
      const bool exists =
          outcome.code == 1 && contains(outcome.out, "stator: database \"cruddur\" already exists (SQLSTATE 42P04)\n");
      EXPECT_TRUE(outcome.code == 0 || exists) << outcome.out;
    }
    EXPECT_EQ(made, 1U);
  }
}

TEST_P(DbCommands, OneOfFiveDropsAtOnceDropsItAndTheOthersFindNone) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"drop"}, std::vector<std::string>{"drop", "--force"}}) {
    ok({"create"});
    EXPECT_EQ(count_of_five(command, "dropped database cruddur"), 1U);
  }
}

TEST_P(DbCommands, FiveSetupsAtOnceTakeTurns) {
  EXPECT_EQ(count_of_five({"setup"}, "== db-seed"), 5U);
  EXPECT_EQ(ok({"query", "SELECT count(*) AS users FROM users", "--output", "json"}).out, "[{\"users\":3}]\n");
}

TEST_P(DbCommands, FiveLoadsAndMigrationsAtOnceTakeTurns) {
  ok({"create"});
  EXPECT_EQ(count_of_five({"schema-load"}, "loaded"), 5U);
  EXPECT_EQ(count_of_five({"seed"}, "loaded"), 5U);
  EXPECT_EQ(count_of_five({"migrate"}, "applied 0002_users_updated_at"), 1U);
  EXPECT_EQ(count_of_five({"migrate", "rollback"}, "rolled back 0002_users_updated_at"), 1U);
}

TEST_P(DbCommands, SchemaAndSeedMayBeLoadedTwice) {
  ok({"create"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(contains(ok({"schema-load"}).out, "== db-schema-load\n"));
    EXPECT_TRUE(contains(ok({"seed"}).out, "== db-seed\n"));
  }
  EXPECT_EQ(ok({"query", "SELECT count(*) AS users FROM users", "--output", "json"}).out, "[{\"users\":3}]\n");
}

TEST_P(DbCommands, SetupDoesItAllAndAgain) {
  for (int i = 0; i < 2; ++i) {
    const std::string out = ok({"setup"}).out;
    std::size_t at = 0;
    for (const char* step : {"== db-setup", "== db-drop", "== db-create", "== db-schema-load", "== db-seed"}) {
      at = out.find(step, at);
      ASSERT_NE(at, std::string::npos) << step << " in " << out;
    }
  }
  EXPECT_EQ(
      ok({"query", "SELECT users.uuid FROM users WHERE users.handle = $1", "andrewbrown", "--output", "jsonl"}).out,
      "{\"uuid\":\"8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11\"}\n");
}

TEST_P(DbCommands, SetupStopsAtTheFirstFailureAndNamesIt) {
  ok({"create"});
  const postgres::PrivateCluster cluster({.data_directory = SharedCluster::get().directory.path() / "data"});
  postgres::Connection user(GetParam() == Where::kServer ? TestServer::shared().target("cruddur")
                                                         : cluster.target("cruddur"));
  const Outcome outcome = run_db({"setup"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "setup stopped at drop: database \"cruddur\" is being accessed")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "--force")) << outcome.err;
  EXPECT_FALSE(contains(outcome.out, "== db-create"));
  EXPECT_EQ(run_db({"setup", "--force"}).code, 0);
}

TEST_P(DbCommands, QueryPrintsEveryFormatAndBindsParameters) {
  ok({"create"});
  const std::string sql = "SELECT $1::int AS n, $2::text AS t, $3::text AS missing";
  EXPECT_EQ(ok({"query", sql, "7", "a \"b\", c", "\\N"}).out,
            "== db-query\n n | t        | missing\n---+----------+---------\n 7 | a \"b\", c |\n(1 row)\n");
  EXPECT_EQ(ok({"query", sql, "7", "x", "\\N", "--output", "json"}).out, "[{\"n\":7,\"t\":\"x\",\"missing\":null}]\n");
  EXPECT_EQ(ok({"query", sql, "7", "a \"b\", c", "\\N", "--output", "csv"}).out,
            "n,t,missing\n7,\"a \"\"b\"\", c\",\n");
  EXPECT_TRUE(contains(ok({"query", "CREATE TABLE t (a int)"}).out, "CREATE TABLE\n"));
  EXPECT_TRUE(contains(ok({"query", "INSERT INTO t VALUES (1), (2)"}).out, "INSERT 0 2\n"));
}

TEST_P(DbCommands, QuerySaysWhatIsNoStatementAndPassesNoticesOn) {
  ok({"create"});
  const std::pair<std::vector<std::string>, const char*> rows[] = {
      {{"SELECT 1; SELECT 2"}, "stator: one statement at a time, and this holds 2: "},
      {{" ; -- nothing"}, "stator: no statement: "},
      {{"\\dt users"}, "stator: \\dt users is a command of psql, not SQL: stator db connect runs psql\n"},
      {{"SELECT $1::int"}, "stator: the statement's $1, $2, … do not match the number of values given (0)\n"},
      {{"SELECT", "1"},
       "stator: the statement is the single word \"SELECT\": quote all of it, as in stator db query 'SELECT"},
      {{"SELECT 1", "2"}, "stator: the statement's $1, $2, … do not match the number of values given (1)\n"},
  };
  for (const auto& [words, said] : rows) {
    std::vector<std::string> line{"query"};
    line.insert(line.end(), words.begin(), words.end());
    const Outcome outcome = run_db(line);
    EXPECT_EQ(outcome.code, 2) << words.front();
    EXPECT_TRUE(outcome.err.starts_with(said)) << outcome.err;
  }
  EXPECT_EQ(ok({"query", "DO $$ BEGIN RAISE NOTICE 'one; two'; END $$;"}).err, "one; two\n");
  const Outcome failed = run_db({"query", "DO $$ BEGIN RAISE NOTICE 'so far'; PERFORM 1/0; END $$;"});
  EXPECT_TRUE(failed.err.starts_with("so far\nstator: division by zero")) << failed.err;
}

TEST_P(DbCommands, QueryShowsArraysOfTheUsersOwnTypesAsArrays) {
  ok({"create"});
  for (const char* statement :
       {"CREATE TYPE mood AS ENUM ('sad', 'so, so', '\"{}\"')", "CREATE DOMAIN positive AS int CHECK (value > 0)",
        "CREATE DOMAIN even AS positive CHECK (value % 2 = 0)", "CREATE DOMAIN numbers AS int[]",
        "CREATE DOMAIN areas AS box", "CREATE TYPE pair AS (a int, b text)", "CREATE TABLE t (a int)"}) {
    ok({"query", statement});
  }
  const std::pair<const char*, const char*> rows[] = {
      {R"(SELECT 'sad'::mood AS one, ARRAY['sad', NULL, 'so, so', '"{}"']::mood[] AS many)",
       R"([{"one":"sad","many":["sad",null,"so, so","\"{}\""]}])"},
      {"SELECT ARRAY[1, 2]::positive[] AS a, ARRAY[[2, 4]]::even[] AS b, 2::even AS c",
       R"([{"a":[1,2],"b":[[2,4]],"c":2}])"},
      {"SELECT '{1,2}'::numbers AS a, ARRAY['{1,2}', '{}']::numbers[] AS b", R"([{"a":[1,2],"b":[[1,2],[]]}])"},
      {"SELECT ARRAY['(0,0),(1,1)', '(0,0),(2,2)']::areas[] AS a", R"j([{"a":["(1,1),(0,0)","(2,2),(0,0)"]}])j"},
      {"SELECT ARRAY[(1, 'x')]::pair[] AS a, (1, 'x')::pair AS b", R"j([{"a":["(1,x)"],"b":"(1,x)"}])j"},
      {"SELECT ARRAY[t] AS a FROM (VALUES (1)) AS v (n), LATERAL (SELECT n AS a) AS t WHERE false", "[]"},
      {"SELECT ARRAY['cruddur']::information_schema.sql_identifier[] AS a", R"([{"a":["cruddur"]}])"},
      {"INSERT INTO t VALUES (1) RETURNING ARRAY['sad'::mood] AS a, NULL::mood[] AS b", R"([{"a":["sad"],"b":null}])"},
  };
  for (const auto& [statement, printed] : rows)
    EXPECT_EQ(ok({"query", statement, "--output", "json"}).out, std::string(printed) + "\n");
  EXPECT_EQ(ok({"query", "SELECT count(*) AS n FROM t", "--output", "jsonl"}).out, "{\"n\":1}\n") << "written once";
}

TEST_P(DbCommands, QueryCopiesFromStandardInputAndToStandardOutput) {
  ok({"create"});
  ok({"query", "CREATE TABLE t (a int, b text)"});
  const Outcome in = run_db({"query", "COPY t FROM STDIN (FORMAT csv)"}, "1,one\n2,\"two,\n2\"\n");
  EXPECT_EQ(in.code, 0);
  EXPECT_EQ(in.out + in.err, "COPY 2\n");
  const Outcome out = ok({"query", "COPY t TO STDOUT (FORMAT csv)"});
  EXPECT_EQ(out.out, "1,one\n2,\"two,\n2\"\n") << "the rows alone";
  EXPECT_EQ(run_db({"query", "COPY t TO STDOUT", "--output", "json"}).code, 2);
  for (const char* statement : {"COPY t FROM STDIN", "COPY t TO '/nowhere/t'", "ALTER SYSTEM RESET work_mem"}) {
    const Outcome refused = run_db({"query", statement, "--read-only"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_EQ(refused.err, "stator: --read-only: a statement that writes was refused\n") << statement;
  }
}

TEST_P(DbCommands, QueryShowsWhereAStatementIsWrong) {
  ok({"create"});
  const Outcome outcome = run_db({"query", "SELECT nme FROM pg_class"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "column \"nme\" does not exist at line 1, column 8 (SQLSTATE 42703)"))
      << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "\n  line 1: SELECT nme FROM pg_class\n                 ^\n")) << outcome.err;
  const Outcome slow = run_db({"query", "SELECT pg_sleep(30)", "--timeout", "0.1"});
  EXPECT_EQ(slow.code, 1);
  EXPECT_TRUE(contains(slow.err, "canceling statement due to statement timeout")) << slow.err;
}

TEST_P(DbCommands, QueryRunsTheModelsStatementsByName) {
  ok({"setup"});
  EXPECT_TRUE(contains(ok({"query", "--named", "user-by-handle", "bayko"}).out, "Andrew Bayko"));
  EXPECT_TRUE(contains(ok({"query", "--named", "activities-by-handle", "mirela", "--output", "json"}).out, "up late"));
  expect_fault(run_db({"query", "--named", "nothing"}), "it has activities-by-handle, user-by-handle");
}

TEST_P(DbCommands, MigrateAppliesShowsAndTakesBack) {
  ok({"setup"});
  EXPECT_EQ(ok({"migrate", "status", "--output", "csv"}).out,
            "migration,state,applied_at\n0001_index_activities_by_user,pending,\n0002_users_updated_at,pending,\n");
  EXPECT_EQ(ok({"migrate", "--dry-run"}).out,
            "== db-migrate\nwould be done: applying migrations\nwould be applied: 0001_index_activities_by_user\nwould "
            "be applied: 0002_users_updated_at\n");
  EXPECT_EQ(run_db({"migrate", "new"}).err, "stator: name the migration, as in stator db migrate new add_index\n");
  EXPECT_EQ(run_db({"migrate", "up", "0001"}).err, "stator: only new takes a name; \"0001\" is unexpected\n");
  EXPECT_EQ(
      ok({"migrate"}).out,
      "== db-migrate\napplied 0001_index_activities_by_user\napplied 0002_users_updated_at\n2 migrations applied\n");
  EXPECT_TRUE(contains(ok({"migrate", "up"}).out, "0 migrations applied"));
  EXPECT_EQ(ok({"migrate", "--dry-run"}).out,
            "== db-migrate\nwould be done: applying migrations\nno migration is pending\n");
  EXPECT_EQ(ok({"migrate", "rollback"}).out,
            "== db-migrate-rollback\nrolled back 0002_users_updated_at\n1 migration rolled back\n");
  EXPECT_TRUE(contains(ok({"migrate", "status"}).out, "pending"));
}

TEST_P(DbCommands, MigrateAndSchemaLoadPassNoticesOnEvenWhereOneFails) {
  const TempDirectory models;
  const auto write = [&](const char* file, const char* text) {
    fs::create_directories((models.path() / "m/sql" / file).parent_path());
    std::ofstream(models.path() / "m/sql" / file) << text;
  };
  fs::create_directory(models.path() / "m");
  fs::copy_file(models_directory() / "shop/table.json", models.path() / "m/table.json");
  write("database.json", R"({"database": "cruddur"})");
  write("schema.sql", "DO $$ BEGIN RAISE WARNING 'seen'; END $$; SELECT 1/0;");
  write("migrations/0001_one.up.sql", "CREATE TABLE IF NOT EXISTS t (a int); CREATE TABLE IF NOT EXISTS t (a int);");
  write("migrations/0002_two.up.sql", "DO $$ BEGIN RAISE NOTICE 'three rows left'; PERFORM 1/0; END $$;");
  const auto run_there = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--models", models.path().string(), "--model", "m"});
    return run_db(words);
  };
  run_there({"create"});
  const Outcome loaded = run_there({"schema-load"});
  EXPECT_EQ(loaded.out, "== db-schema-load\nseen\n") << loaded.err;
  const Outcome failed = run_there({"migrate"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.out, "== db-migrate\nrelation \"t\" already exists, skipping\napplied 0001_one\nthree rows left\n");
  EXPECT_EQ(run_there({"migrate"}).out, "== db-migrate\nthree rows left\n") << "nothing of the table of migrations";
}

TEST_P(DbCommands, SessionsListsAndEnds) {
  ok({"create"});
  const postgres::PrivateCluster cluster({.data_directory = SharedCluster::get().directory.path() / "data"});
  postgres::Target target =
      GetParam() == Where::kServer ? TestServer::shared().target("cruddur") : cluster.target("cruddur");
  postgres::Connection other(target);
  const std::string pid = *other.value("SELECT pg_backend_pid()");
  const std::string listed = ok({"sessions"}).out;
  EXPECT_TRUE(contains(listed, pid)) << listed;
  EXPECT_TRUE(contains(listed, "SELECT pg_backend_pid()")) << listed;
  EXPECT_TRUE(contains(ok({"session"}).out, pid)) << "its earlier name";
  const std::string watched = ok({"sessions", "--watch", "0.1", "--count", "2"}).out;
  EXPECT_NE(watched.find("== db-sessions"), watched.rfind("== db-sessions")) << watched;
  EXPECT_TRUE(contains(ok({"sessions", "end", pid}).out, "ended session " + pid));
  EXPECT_THROW(other.execute("SELECT 1"), postgres::Error);
  expect_fault(run_db({"sessions", "end", "1"}), "no session has pid 1");
}

TEST_P(DbCommands, ConnectHandsOverToPsql) {
  ok({"create"});
  EXPECT_TRUE(contains(run_db({"connect", "--dry-run"}).out, "would be done: handing the terminal to psql"));
  const auto connect = [](const std::vector<std::string>& words) {
    int in[2];
    int out[2];
    EXPECT_EQ(::pipe(in), 0);
    EXPECT_EQ(::pipe(out), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      ::close(in[1]);
      ::_exit(run_db(words).code);
    }
    ::close(in[0]);
    ::close(out[1]);
    const std::string typed =
        "\\pset format unaligned\nSELECT current_database() || '!';\nSHOW default_transaction_read_only;\n";
    EXPECT_EQ(::write(in[1], typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
    ::close(in[1]);
    std::string printed;
    char buffer[512];
    for (ssize_t n = 0; (n = ::read(out[0], buffer, sizeof(buffer))) > 0;)
      printed.append(buffer, static_cast<std::size_t>(n));
    ::close(out[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(contains(printed, "cruddur!")) << printed;
    return printed;
  };
  EXPECT_TRUE(contains(connect({"connect"}), "default_transaction_read_only\noff\n"));
  EXPECT_TRUE(contains(connect({"connect", "--read-only"}), "default_transaction_read_only\non\n"));
  if (GetParam() == Where::kServer) return;  // its password is not in the URL
  // The URL's own options stay in effect, but do not override --read-only.
  const std::string url = ok({"url"}).out;
  const std::string with_options = url.substr(0, url.find('\n')) + " options='-c work_mem=3MB'";
  EXPECT_TRUE(contains(connect({"connect", "--read-only", "--connection-url", with_options}),
                       "default_transaction_read_only\non\n"));
}

TEST_P(DbCommands, CtrlCCancelsTheStatementThatRuns) {
  ok({"create"});
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Outcome outcome = run_db({"query", "SELECT pg_sleep(120)"});
    EXPECT_GT(::write(out[1], outcome.err.data(), outcome.err.size()), 0);
    ::_exit(outcome.code);
  }
  ::close(out[1]);
  const auto sessions = [] { return run_db({"sessions", "--output", "jsonl"}).out; };
  while (!contains(sessions(), "pg_sleep(120)")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ::kill(child, SIGINT);
  char buffer[512];
  const ssize_t size = ::read(out[0], buffer, sizeof(buffer));
  ::close(out[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0))),
            "stator: interrupted: the statement that ran was cancelled\n");
  EXPECT_FALSE(contains(sessions(), "pg_sleep(120)")) << "it goes on in the server";
}

TEST_P(DbCommands, MissingDatabaseIsOneLine) {
  expect_fault(run_db({"seed"}), "database \"cruddur\" does not exist");
  expect_fault(run_db({"query", "SELECT 1"}), "database \"cruddur\" does not exist");
  expect_fault(run_db({"connect"}), "database \"cruddur\" does not exist");
  expect_fault(run_db({"migrate"}), "database \"cruddur\" does not exist");
}

TEST_P(DbCommands, ConnectionCutInTheMiddleIsToldAtOnce) {
  ok({"create"});
  const Outcome outcome = run_db({"query", "SELECT pg_terminate_backend(pg_backend_pid())"});
  expect_fault(outcome, "the connection was cut: terminating connection due to administrator command");
}

TEST(DbCommandsFaults, ServerDownOrWrongPasswordIsOneLine) {
  const std::string nobody = "postgresql://root:" + std::string(TestServer::kPasswordInUrl) +
                             "@127.0.0.1:" + std::to_string(postgres::testing::free_port()) + "/cruddur";
  const std::string wrong = TestServer::shared().url("cruddur", "wr0ng");
  for (const char* command : {"create", "drop", "connect", "schema-load", "seed", "sessions", "setup", "migrate"}) {
    expect_fault(run_here({"db", command, "--connection-url", nobody}), "Connection refused");
    const Outcome outcome = run_here({"db", command, "--connection-url", wrong});
    expect_fault(outcome, "password authentication failed for user \"root\"");
    EXPECT_FALSE(contains(outcome.err, "wr0ng"));
  }
}

TEST(DbCommandsFaults, UnreadableUrlIsAMistakeOfTheCommandLine) {
  const Outcome outcome = run_here({"db", "create", "--connection-url", "postgresql://root:se%zcret@h/x"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "cannot be read")) << outcome.err;
  EXPECT_EQ(count_lines(outcome.err), 1U) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, "cret")) << outcome.err;
}

class DbCommandsInProduction : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("CONNECTION_URL");
    ::setenv("PROD_CONNECTION_URL", TestServer::shared().url("prod_cruddur").c_str(), 1);
    run_here({"db", "drop", "--force", "--yes", "prod_cruddur", "prod"});
    ASSERT_EQ(run_here({"db", "create", "prod"}).code, 0);
    ASSERT_EQ(run_here({"db", "schema-load", "prod"}).code, 0) << "a schema that drops nothing needs no word";
    ASSERT_EQ(run_here({"db", "seed", "prod"}).code, 0);
  }
  void TearDown() override {
    run_here({"db", "drop", "--force", "--yes", "prod_cruddur", "prod"});
    ::unsetenv("PROD_CONNECTION_URL");
  }
  static std::string count_users() {
    return run_here({"db", "query", "SELECT count(*) FROM users", "--output", "json", "prod"}).out;
  }
};

TEST_F(DbCommandsInProduction, NothingDestructiveHappensWithoutTheName) {
  const std::vector<std::vector<std::string>> destructive{{"db", "drop"},
                                                          {"db", "setup"},
                                                          {"db", "migrate", "rollback"},
                                                          {"db", "sessions", "end", "1"},
                                                          {"db", "query", "DELETE FROM users"}};
  for (std::vector<std::string> words : destructive) {
    words.emplace_back("prod");
    expect_fault(run_here(words), "--yes prod_cruddur");
    words.insert(words.end() - 1, {"--yes", "cruddur"});
    expect_fault(run_here(words), "nothing was done");
    words.erase(words.end() - 3, words.end() - 1);
    const Outcome asked = run_here(words, "yes\n", true);
    EXPECT_EQ(asked.code, 1);
    EXPECT_TRUE(contains(asked.err, "Type the database's name (prod_cruddur)")) << asked.err;
    EXPECT_TRUE(contains(asked.err, "nothing was done")) << asked.err;
  }
  EXPECT_EQ(count_users(), "[{\"count\":3}]\n");
}

TEST_F(DbCommandsInProduction, TheNameTypedOrGivenLetsItHappen) {
  EXPECT_EQ(run_here({"db", "query", "DELETE FROM users WHERE handle = 'mirela'", "prod"}, "prod_cruddur\n", true).code,
            0);
  EXPECT_EQ(count_users(), "[{\"count\":2}]\n");
  EXPECT_EQ(run_here({"db", "setup", "prod"}, "prod_cruddur\n", true).code, 0);
  EXPECT_EQ(count_users(), "[{\"count\":3}]\n");
  EXPECT_EQ(run_here({"db", "drop", "--yes", "prod_cruddur", "prod"}).code, 0);
}

TEST(DbCommandsTarget, ProductionIsNeverThePrivateCluster) {
  ::unsetenv("PROD_CONNECTION_URL");
  const TempDirectory directory;
  expect_fault(run_here({"db", "create", "--data", directory.path() / "data", "prod"}),
               "PROD_CONNECTION_URL is not set");
  EXPECT_FALSE(fs::exists(directory.path() / "data"));
}

TEST(DbCommandsTarget, DropMakesNoClusterInWhichThereIsNothing) {
  const TempDirectory directory;
  const Outcome outcome = run_here({"db", "drop", "--data", directory.path() / "data"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "== db-drop\nthere was no database cruddur\n");
  EXPECT_FALSE(fs::exists(directory.path() / "data"));
}

TEST(DbCommandsTarget, TheModelsInsideTheProgramHaveTheirSql) {
  const std::string url = TestServer::shared().url("inside");
  const std::vector<std::string> inside{"--models", "built-in:/models", "--connection-url", url};
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.end(), inside.begin(), inside.end());
    return run_here(words);
  };
  for (const char* command : {"setup", "schema-load", "seed", "migrate"}) {
    const Outcome outcome = run({"db", command});
    EXPECT_EQ(outcome.code, 0) << command << outcome.out << outcome.err;
  }
  const Outcome named = run({"db", "query", "--named", "user-by-handle", "bayko", "--output", "json"});
  EXPECT_TRUE(contains(named.out, "\"bayko\"")) << named.out << named.err;
  EXPECT_EQ(run({"db", "drop"}).code, 0);
}

pid_t server_of(const fs::path& data) {
  pid_t server = 0;
  std::ifstream(data / "postgres/cluster/postmaster.pid") >> server;
  return server;
}

TEST(DbCommandsTarget, FiveFirstCommandsAtOnceMakeOnePrivateCluster) {
  ::unsetenv("CONNECTION_URL");
  const TempDirectory directory;
  const std::string data = directory.path() / "data";
  const ClusterGuard guard(data);
  std::size_t made = 0;
  for (const Outcome& outcome : run_at_once(5, {"db", "create", "--data", data})) {
    made += outcome.code == 0 ? 1U : 0U;
    EXPECT_TRUE(outcome.code == 0 || contains(outcome.out, "database \"cruddur\" already exists")) << outcome.out;
  }
  EXPECT_EQ(made, 1U);
}

TEST(DbCommandsTarget, CommandsAfterThePrivateServerWasKilledAllSucceed) {
  ::unsetenv("CONNECTION_URL");
  const TempDirectory directory;
  const std::string data = directory.path() / "data";
  const ClusterGuard guard(data);
  ASSERT_EQ(run_here({"db", "create", "--data", data}).code, 0);
  for (int round = 0; round < 5; ++round) {
    const pid_t server = server_of(data);
    ASSERT_EQ(::kill(server, SIGKILL), 0);
    for (const Outcome& outcome : run_at_once(3, {"db", "query", "SELECT 1", "--data", data})) {
      EXPECT_EQ(outcome.code, 0) << outcome.out;
    }
    ::waitpid(server, nullptr, WNOHANG);  // the first server is our child
  }
}

TEST(DbCommandsTarget, CommandsAfterASessionOfThePrivateServerWasKilledAllSucceed) {
  ::unsetenv("CONNECTION_URL");
  const TempDirectory directory;
  const std::string data = directory.path() / "data";
  const ClusterGuard guard(data);
  ASSERT_EQ(run_here({"db", "create", "--data", data}).code, 0);
  for (int round = 0; round < 3; ++round) {
    const postgres::Target target = postgres::PrivateCluster({.data_directory = data}).target("postgres");
    postgres::Connection session(target);
    postgres::Connection witness(target);
    ASSERT_EQ(::kill(std::stoi(*session.value("SELECT pg_backend_pid()::text")), SIGKILL), 0);
    // The server also ends all other sessions, and recovers.
    EXPECT_THROW(witness.execute("SELECT pg_sleep(60)"), postgres::Error);
    for (const Outcome& outcome : run_at_once(3, {"db", "sessions", "--data", data})) {
      EXPECT_EQ(outcome.code, 0) << outcome.out;
    }
  }
}

TEST(DbCommandsTarget, StopEndsThePrivateCluster) {
  ::unsetenv("CONNECTION_URL");
  const TempDirectory directory;
  const std::string data = directory.path() / "data";
  const ClusterGuard guard(data);
  EXPECT_TRUE(contains(run_here({"db", "stop", "--data", data}).out, "is not running"));
  EXPECT_EQ(run_here({"db", "create", "--data", data}).code, 0);
  EXPECT_TRUE(postgres::PrivateCluster({.data_directory = data}).is_running());
  EXPECT_TRUE(contains(run_here({"db", "stop", "--data", data}).out, "stopped"));
  EXPECT_FALSE(postgres::PrivateCluster({.data_directory = data}).is_running());
}

TEST(DbCommandsTarget, StartStatusLogsAndUrlShowThePrivateCluster) {
  ::unsetenv("CONNECTION_URL");
  ::unsetenv("PROD_CONNECTION_URL");
  const TempDirectory directory;
  const std::string data = directory.path() / "data";
  const ClusterGuard guard(data);
  const auto db = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "db");
    words.insert(words.end(), {"--data", data});
    return run_here(words);
  };
  const Outcome none = db({"status"});
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(contains(none.out, "there is no private PostgreSQL cluster yet: stator db setup creates it")) << none.out;
  const Outcome no_json = db({"status", "--output", "json"});
  EXPECT_EQ(no_json.code, 1);
  EXPECT_TRUE(contains(no_json.out, "\"created\": false,\n  \"running\": false")) << no_json.out;
  for (const std::vector<std::string>& reading :
       std::vector<std::vector<std::string>>{{"sessions"}, {"query", "SELECT 1"}, {"migrate", "status"}, {"connect"}})
    expect_fault(db(reading), "there is no private PostgreSQL cluster yet: stator db setup creates it");
  EXPECT_FALSE(fs::exists(data)) << "asking makes nothing";
  expect_fault(db({"url"}), "is not running: stator db start");

  EXPECT_TRUE(contains(db({"start"}).out, "the private PostgreSQL cluster runs in " + data + "/postgres"));
  const Outcome running = db({"status"});
  EXPECT_EQ(running.code, 0);
  EXPECT_TRUE(contains(running.out, " runs (PostgreSQL ")) << running.out;
  const Outcome json = db({"status", "--output", "json"});
  EXPECT_EQ(json.code, 0);
  EXPECT_TRUE(contains(json.out, "{\n  \"private\": true,\n  \"created\": true,\n  \"running\": true,\n")) << json.out;
  EXPECT_TRUE(contains(db({"url", "--output", "json"}).out, "{\n  \"url\": \"user='postgres' host='"));
  // An output format that a command does not have is refused, as are options that are not PostgreSQL's.
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"status", "--output", "csv"},
                                             {"create", "--output", "json"},
                                             {"logs", "--output", "jsonl"},
                                             {"migrate", "--output", "json"},
                                             {"sessions", "end", "1", "--output", "json"},
                                             {"sessions", "--region", "eu-west-1"}})
    EXPECT_EQ(db(line).code, 2) << ::testing::PrintToString(line);
  // An error about something missing names the command that creates it.
  expect_fault(db({"query", "SELECT 1"}), "does not exist; stator db setup creates it");
  EXPECT_EQ(db({"create"}).code, 0);
  EXPECT_TRUE(contains(db({"query", "SELECT * FROM users"}).err, "^\nstator db schema-load loads the model's tables"));
  const Outcome url = db({"url"});
  EXPECT_TRUE(contains(url.out, "host='")) << url.out;
  EXPECT_TRUE(contains(db({"logs", "--lines", "3"}).out, "does not exist"));
  // Another program can connect with the printed URL.
  std::string address = url.out;
  address.pop_back();
  EXPECT_EQ(run_here({"db", "query", "SELECT 1", "--connection-url", address}).code, 0);

  EXPECT_EQ(db({"stop"}).code, 0);
  const Outcome stopped = db({"status"});
  EXPECT_EQ(stopped.code, 1);
  EXPECT_TRUE(contains(stopped.out, " is stopped (PostgreSQL ")) << stopped.out;
  expect_fault(run_here({"db", "start", "--connection-url", "postgresql://localhost/x"}), "a server is configured");
}

}  // namespace
}  // namespace stator::cli
