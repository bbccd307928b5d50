#include "postgres/connection.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <utility>

#include "postgres/sql_files.h"
#include "test_server.h"

namespace stator::postgres {
namespace {

using testing::contains;
using testing::error_of;
using testing::is_one_line;
using testing::TestDatabase;
using testing::TestServer;

Connection connect() { return Connection(TestServer::shared().target("postgres")); }

TEST(Connection, BindsParametersWhateverTheyHold) {
  Connection connection = connect();
  for (const std::string text : {"plain", "'; DROP TABLE users; --", "$1 \\ \"", "é漢字🙂", ""}) {
    EXPECT_EQ(connection.value("SELECT $1::text", {text}), text);
  }
  EXPECT_EQ(connection.value("SELECT $1::text", {std::nullopt}), std::nullopt);
  EXPECT_EQ(connection.value("SELECT $1::int + $2::int", {"40", "2"}), "42");
  EXPECT_EQ(error_of([&] { connection.value("SELECT $1::text", {std::string("a\0b", 3)}); }).kind(), ErrorKind::kUsage);
}

TEST(Connection, GivesOneValueOrSaysWhyNot) {
  Connection connection = connect();
  EXPECT_EQ(connection.value("SELECT 1 WHERE false"), std::nullopt);
  EXPECT_EQ(error_of([&] { connection.value("SELECT 1, 2"); }).kind(), ErrorKind::kUsage);
  EXPECT_EQ(error_of([&] { connection.value("SELECT generate_series(1, 2)"); }).kind(), ErrorKind::kUsage);
}

/// All rows as JSON objects, one per line.
std::string rows_as_json(Connection& connection, std::string_view sql) {
  const Result result = connection.execute(sql);
  std::string lines;
  for (const Row& row : result.rows) {
    if (!lines.empty()) lines += '\n';
    append_row_as_json(result.columns, row, lines);
  }
  return lines;
}

struct JsonCase {
  const char* sql;
  const char* json;
};

TEST(Connection, GivesRowsAsJsonWithTheirTypes) {
  Connection connection = connect();
  const JsonCase cases[] = {
      {"SELECT 1 AS a, 2.50 AS b, true AS c, 'x' AS d, NULL AS e", R"({"a":1,"b":2.50,"c":true,"d":"x","e":null})"},
      {"SELECT 'NaN'::float8 AS a, '-Infinity'::float8 AS b, 1e300::float8 AS c",
       R"({"a":"NaN","b":"-Infinity","c":1e+300})"},
      {R"(SELECT '{"k": [1, "v"]}'::jsonb AS a)", R"({"a":{"k": [1, "v"]}})"},
      {R"(SELECT ARRAY[1,NULL,3] AS a, ARRAY['x','a "b" \c',NULL,'NULL','',' '] AS b, ARRAY[[1,2],[3,4]] AS c)",
       R"({"a":[1,null,3],"b":["x","a \"b\" \\c",null,"NULL",""," "],"c":[[1,2],[3,4]]})"},
      {"SELECT '{}'::int[] AS a, ARRAY[true,false] AS b", R"({"a":[],"b":[true,false]})"},
      {"SELECT E'line\\nbreak\\ttab \"quoted\"' AS a", R"({"a":"line\nbreak\ttab \"quoted\""})"},
      {"SELECT DATE '2023-03-20' AS a, '8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11'::uuid AS b",
       R"({"a":"2023-03-20","b":"8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11"})"},
      {"SELECT ARRAY['a,\"b'::bytea] AS a, ARRAY['1 day'::interval, NULL] AS b, ARRAY[int4range(1, 3)] AS c",
       R"j({"a":["\\x612c2262"],"b":["1 day",null],"c":["[1,3)"]})j"},
      {"SELECT ARRAY['10.0.0.1'::inet] AS d, ARRAY[point(1, 2)] AS e, ARRAY[box '(0,0),(1,1)', '(0,0),(2,2)'] AS f",
       R"j({"d":["10.0.0.1"],"e":["(1,2)"],"f":["(1,1),(0,0)","(2,2),(0,0)"]})j"},
      {"SELECT 1 AS a WHERE false", ""},
      {"SELECT generate_series(1, 2) AS a", "{\"a\":1}\n{\"a\":2}"},
  };
  for (const JsonCase& each : cases) EXPECT_EQ(rows_as_json(connection, each.sql), each.json);
  const Result twice = connection.execute("SELECT 1 AS a, 2 AS a");
  EXPECT_TRUE(contains(error_of([&] { refuse_equal_names(twice.columns); }).what(), "AS"));
}

TEST(Connection, TellsStatePositionDetailAndStatement) {
  Connection connection = connect();
  const Error missing = error_of([&] { connection.execute("SELECT 1\n  FROM nowhere"); });
  EXPECT_EQ(missing.sqlstate(), "42P01");
  EXPECT_STREQ(missing.what(), "relation \"nowhere\" does not exist at line 2, column 8 (SQLSTATE 42P01)");
  EXPECT_TRUE(contains(missing.explained(), "  line 2:   FROM nowhere\n                 ^")) << missing.explained();
  connection.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)");
  connection.execute("INSERT INTO t VALUES (1)");
  const Error twice = error_of([&] { connection.execute("INSERT INTO t VALUES (1)"); });
  EXPECT_EQ(twice.sqlstate(), "23505");
  EXPECT_TRUE(contains(twice.what(), "Key (a)=(1) already exists"));
  EXPECT_TRUE(contains(twice.explained(), "statement: INSERT INTO t"));
  EXPECT_EQ(connection.value("SELECT count(*) FROM t"), "1") << "the connection goes on after an error";
}

TEST(Connection, RefusesTwoStatementsWhereOneIsMeant) {
  Connection connection = connect();
  EXPECT_EQ(error_of([&] { connection.execute("SELECT 1; SELECT 2"); }).sqlstate(), "42601");
}

TEST(Connection, RefusesCopyWithoutAStreamInsteadOfHanging) {
  Connection connection = connect();
  connection.execute("CREATE TEMP TABLE t (a int)");
  EXPECT_TRUE(contains(error_of([&] { connection.execute("COPY t FROM STDIN"); }).what(), "has no rows here"));
  Connection other = connect();
  EXPECT_TRUE(contains(error_of([&] { other.execute("COPY (SELECT 1) TO STDOUT"); }).what(), "nowhere to write"));
  EXPECT_TRUE(contains(error_of([&] { connect().execute_script("SELECT 1; COPY (SELECT 1) TO STDOUT"); }).what(),
                       "stator db query runs it"));
}

TEST(Connection, CopiesFromAndToTheClient) {
  Connection connection = connect();
  connection.execute("CREATE TEMP TABLE t (a int, b text)");
  std::vector<std::string> chunks{"1,\"x\ny\"\n2", ",z\n"};
  Streams streams{.read = [&]() -> std::string_view {
    static std::string chunk;
    chunk = chunks.empty() ? "" : chunks.front();
    if (!chunks.empty()) chunks.erase(chunks.begin());
    return chunk;
  }};
  EXPECT_EQ(connection.execute("COPY t FROM STDIN (FORMAT csv)", {}, streams).command, "COPY 2");
  std::string got;
  streams.write = [&](std::string_view rows) { got += rows; };
  EXPECT_EQ(connection.execute("COPY t TO STDOUT", {}, streams).command, "COPY 2");
  EXPECT_EQ(got, "1\tx\\ny\n2\tz\n");
  chunks = {"1,a\n", "b,c\n"};
  const Error error = error_of([&] { connection.execute("COPY t FROM STDIN (FORMAT csv)", {}, streams); });
  EXPECT_TRUE(contains(error.what(), "COPY t, line 2, column a")) << error.what();
  // If the error has a detail, and if a trigger raises it.
  connection.execute("ALTER TABLE t ADD PRIMARY KEY (a)");
  chunks = {"7,a\n7,b\n"};
  const Error repeated = error_of([&] { connection.execute("COPY t FROM STDIN (FORMAT csv)", {}, streams); });
  EXPECT_TRUE(contains(repeated.what(), "Key (a)=(7) already exists. COPY t, line 2")) << repeated.what();
  connection.execute("CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'");
  connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()");
  chunks = {"8,a\n"};
  const Error raised = error_of([&] { connection.execute("COPY t FROM STDIN (FORMAT csv)", {}, streams); });
  EXPECT_TRUE(contains(raised.what(), "COPY t, line 1: \"8,a\"")) << raised.what();
  EXPECT_EQ(connection.value("SELECT count(*) FROM t"), "2");
  // Ctrl-C also ended the program that produces the rows.
  bool is_interrupted = false;
  Target target = TestServer::shared().target("postgres");
  target.interrupted = [&] { return is_interrupted; };
  Connection other(target);
  other.execute("CREATE TEMP TABLE t (a int)");
  streams.read = [&, rows = std::string_view("1\n")]() mutable {
    is_interrupted = rows.empty();
    return std::exchange(rows, {});
  };
  EXPECT_EQ(error_of([&] { other.execute("COPY t FROM STDIN", {}, streams); }).sqlstate(), "57014");
  is_interrupted = false;
  EXPECT_EQ(other.value("SELECT count(*) FROM t"), "0");
}

TEST(Connection, GivesRowsAsTheyArriveWithoutKeepingThem) {
  Connection connection = connect();
  std::string columns;
  std::size_t bytes = 0;
  Streams streams{.columns = [&](const std::vector<Column>& all) { columns += all.front().name; },
                  .row = [&](const Row& row) { bytes += row.front()->size(); }};
  const Result result =
      connection.execute("SELECT repeat('x', 1048576) AS x FROM generate_series(1, 260)", {}, streams);
  EXPECT_EQ(columns, "x");
  EXPECT_EQ(bytes, std::size_t{260} << 20U) << "more than a result that is kept may have";
  EXPECT_TRUE(result.rows.empty());
  EXPECT_EQ(result.command, "SELECT 260");
  EXPECT_EQ(connection.execute("SELECT 1 AS y WHERE false", {}, streams).columns.size(), 1U);
  EXPECT_EQ(columns, "xy");
  EXPECT_TRUE(connection.execute("CREATE TEMP TABLE t (a int)", {}, streams).columns.empty());
  EXPECT_EQ(columns, "xy");
}

TEST(Connection, WhereARowIsRefusedReadingIsCancelledAndWritingIsDone) {
  Connection connection = connect();
  connection.execute("CREATE TEMP TABLE t (a int)");
  int seen = 0;
  const Streams streams{.row = [&](const Row&) {
    ++seen;
    throw std::runtime_error("the reader left");
  }};
  const auto reason = [&](std::string_view statement) {
    try {
      connection.execute(statement, {}, streams);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(reason("SELECT g, CASE WHEN g > 20000 THEN pg_sleep(60) END FROM generate_series(1, 20001) g"),
            "the reader left");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_EQ(reason("INSERT INTO t SELECT generate_series(1, 5000) RETURNING a"), "the reader left");
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(connection.value("SELECT count(*) FROM t"), "5000");
}

TEST(Connection, RunsAScriptWholeOrNotAtAll) {
  Connection connection = connect();
  connection.execute_script("CREATE TEMP TABLE kept (a int); INSERT INTO kept VALUES (1), (2)");
  EXPECT_EQ(connection.value("SELECT count(*) FROM kept"), "2");
  const Error error = error_of([&] { connection.execute_script("INSERT INTO kept VALUES (3);\nSELEC 1"); });
  EXPECT_TRUE(contains(error.what(), "at line 2, column 1")) << error.what();
  EXPECT_EQ(connection.value("SELECT count(*) FROM kept"), "2");
}

TEST(Connection, LoadsTheRowsThatStandInAScript) {
  Connection connection = connect();
  connection.execute_script(
      "CREATE TEMP TABLE pairs (a int PRIMARY KEY, b text);\n"
      "COPY pairs (a, b) FROM stdin;\n1\tone\\ttab\n2\t\\N\n\\.\n"
      "COPY pairs FROM STDIN (FORMAT csv); -- two lines\n3,\"x\ny\"\n\\.\n"
      "UPDATE pairs SET a = a + 10;\n");
  EXPECT_EQ(rows_as_json(connection, "SELECT a, b FROM pairs ORDER BY a"), R"({"a":11,"b":"one\ttab"}
{"a":12,"b":null}
{"a":13,"b":"x\ny"})");
  // More than is sent at once.
  std::string many = "COPY pairs (a) FROM stdin;\n";
  for (int i = 100; i < 100'000; ++i) many += std::to_string(i) + "\n";
  connection.execute_script(many);
  EXPECT_EQ(connection.value("SELECT count(*) FROM pairs"), "99903");
}

TEST(Connection, RunsALongScriptWholeOrNotAtAllAndNamesTheLine) {
  Connection connection = connect();
  connection.execute_script("CREATE TEMP TABLE kept (a int PRIMARY KEY)");
  std::string rows;
  for (int i = 0; i < 70'000; ++i) rows += "INSERT INTO kept VALUES (" + std::to_string(i) + ");\n";
  const std::pair<std::string, const char*> cases[] = {
      {rows + "INSERT INTO kept VALUES (5);\n", "at line 70001 (SQLSTATE 23505)"},
      {rows + "\nINSERT INTO kep VALUES (5);\n", "at line 70002, column 13 (SQLSTATE 42P01)"},
      {"INSERT INTO kept VALUES (1);\n\n-- again\nINSERT INTO kept\n VALUES (1)", "at line 4 (SQLSTATE 23505)"},
      {"SELECT 1;\nCOPY kept FROM stdin;\n1\n2\nx\n\\.\n", "at line 5 (SQLSTATE 22P02): COPY kept, line 3, column a"},
      {"SELECT 1; SELECT 1/0;\n", "at line 1 (SQLSTATE 22012)"},
      {"/* é漢 */ SELECT 'é', nme", "at line 1, column 22 (SQLSTATE 42703)"},
      {"-- stator: no transaction\nSELECT 'é漢'; SELECT nme", "at line 2, column 21 (SQLSTATE 42703)"},
  };
  for (const auto& [script, expected] : cases) {
    const Error error = error_of([&] { connection.execute_script(script); });
    EXPECT_TRUE(contains(error.what(), expected)) << error.what();
    EXPECT_LT(error.explained().size(), 500U) << "the statement that failed alone";
    EXPECT_EQ(connection.value("SELECT count(*) FROM kept"), "0");
  }
}

TEST(Connection, RunsAScriptByItsOwnTransactionsOrWithoutAny) {
  Connection connection = connect();
  connection.execute_script(
      "BEGIN; CREATE TEMP TABLE own (a int);\nCOPY own FROM stdin;\n1\n\\.\nCOMMIT; COPY own FROM stdin;\n2\n\\.\n");
  EXPECT_EQ(connection.value("SELECT sum(a) FROM own"), "3");
  EXPECT_TRUE(connection.take_notices().empty());
  connection.execute_script("-- stator: no transaction\nVACUUM own; INSERT INTO own VALUES (3);");
  EXPECT_EQ(connection.value("SELECT sum(a) FROM own"), "6");
  EXPECT_TRUE(contains(error_of([&] { connection.execute_script("VACUUM own; SELECT 1"); }).what(),
                       "-- stator: no transaction"));
  EXPECT_TRUE(contains(error_of([&] { connection.execute_script("BEGIN; SELECT 1"); }).what(), "COMMIT is missing"));
}

TEST(Connection, KeepsNotices) {
  Connection connection = connect();
  connection.execute("DROP TABLE IF EXISTS not_there");
  EXPECT_EQ(connection.take_notices(), std::vector<std::string>{"table \"not_there\" does not exist, skipping"});
  EXPECT_TRUE(connection.take_notices().empty());
}

TEST(Connection, StopsAStatementAtItsTimeLimit) {
  Target target = TestServer::shared().target("postgres");
  target.statement_timeout = std::chrono::milliseconds(1000);
  Connection connection(target);
  EXPECT_EQ(error_of([&] { connection.execute("SELECT pg_sleep(20)"); }).sqlstate(), "57014");
  EXPECT_EQ(connection.value("SELECT 1"), "1");
}

TEST(Connection, CancelsItsStatementWhereItIsInterrupted) {
  Target target = TestServer::shared().target("postgres");
  const auto began = std::chrono::steady_clock::now();
  target.interrupted = [began] { return std::chrono::steady_clock::now() - began > std::chrono::milliseconds(300); };
  Connection connection(target);
  EXPECT_EQ(error_of([&] { connection.value("SELECT pg_sleep(60)"); }).sqlstate(), "57014");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
  // The connection still executes later statements, such as ROLLBACK.
  EXPECT_EQ(connection.value("SELECT 1"), "1");
}

TEST(Connection, CancelsTheNextStatementWhereOneWasDoneBeforeItCouldBeCancelled) {
  Target target = TestServer::shared().target("postgres");
  bool interrupted = false;
  target.interrupted = [&] { return interrupted; };
  Connection connection(target);
  EXPECT_NO_THROW(connection.check_interrupted());
  interrupted = true;
  // The statement usually ends before the server receives the cancel request.
  try {
    connection.value("SELECT 1");
  } catch (const Error& error) {
    GTEST_SKIP() << "it came in time: " << error.what();
  }
  EXPECT_EQ(error_of([&] { connection.value("SELECT pg_sleep(60)"); }).sqlstate(), "57014");
  EXPECT_EQ(error_of([&] { connection.check_interrupted(); }).sqlstate(), "57014");
}

TEST(Connection, GivesUpOnAServerThatNoLongerAnswers) {
  Connection connection({.url = TestServer::shared().url("postgres") + "?application_name=silent",
                         .statement_timeout = std::chrono::milliseconds(1000)});
  // Another connection, without a time limit, asks for the process.
  const pid_t backend =
      std::stoi(*connect().value("SELECT pid FROM pg_stat_activity WHERE application_name = 'silent'"));
  ASSERT_EQ(::kill(backend, SIGSTOP), 0);
  const auto begun = std::chrono::steady_clock::now();
  const Error error = error_of([&] { connection.execute("SELECT 1"); });
  ::kill(backend, SIGCONT);
  EXPECT_EQ(error.kind(), ErrorKind::kTimeout) << error.what();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  EXPECT_TRUE(connection.is_broken());
}

TEST(Connection, SaysInOneLineThatItWasCut) {
  Connection connection = connect();
  const std::string pid = *connection.value("SELECT pg_backend_pid()");
  std::thread cutter([&] {
    Connection other = connect();
    while (other.value("SELECT state FROM pg_stat_activity WHERE pid = $1::int AND query LIKE '%pg_sleep%'", {pid}) !=
           "active") {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    other.execute("SELECT pg_terminate_backend($1::int)", {pid});
  });
  const Error error = error_of([&] { connection.execute("SELECT pg_sleep(30)"); });
  cutter.join();
  EXPECT_EQ(error.kind(), ErrorKind::kLost);
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_TRUE(contains(error.what(), "terminating connection due to administrator command")) << error.what();
  EXPECT_TRUE(connection.is_broken());
  EXPECT_EQ(error_of([&] { connection.execute("SELECT 1"); }).kind(), ErrorKind::kLost);
}

TEST(Connect, SaysInOneLineThatTheServerIsDown) {
  const Error error = error_of([] {
    Connection({.url = "postgresql://root:topsecret@127.0.0.1:" + std::to_string(testing::free_port()) + "/cruddur"});
  });
  EXPECT_EQ(error.kind(), ErrorKind::kConnect);
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_TRUE(contains(error.what(), "Connection refused")) << error.what();
  EXPECT_FALSE(contains(error.what(), "topsecret"));
}

TEST(Connect, SaysInOneLineThatThePasswordIsWrong) {
  const Error error = error_of([] { Connection({.url = TestServer::shared().url("postgres", "topsecret")}); });
  EXPECT_EQ(error.kind(), ErrorKind::kConnect);
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_TRUE(contains(error.what(), "password authentication failed for user \"root\"")) << error.what();
  EXPECT_FALSE(contains(error.what(), "topsecret"));
}

TEST(Connect, SaysInOneLineThatTheDatabaseIsMissing) {
  const Error error = error_of([] { Connection({.url = TestServer::shared().url("not_there")}); });
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_TRUE(contains(error.what(), "database \"not_there\" does not exist")) << error.what();
}

TEST(Connect, RefusesAServerWithoutTlsWhereSslmodeRequiresIt) {
  const Error error = error_of([] { Connection({.url = TestServer::shared().url("postgres") + "?sslmode=require"}); });
  EXPECT_TRUE(is_one_line(error.what()));
  EXPECT_TRUE(contains(error.what(), "SSL")) << error.what();
}

TEST(Connect, GivesUpAfterItsTimeLimit) {
  // A listener that never answers: the kernel accepts the connection, but no data comes.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const Error error = error_of([&] {
    Connection({.url = "postgresql://root@127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/x",
                .connect_timeout = std::chrono::seconds(2)});
  });
  ::close(listener);
  EXPECT_TRUE(contains(error.what(), "timeout expired")) << error.what();
}

/// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(Connect, HonoursPasswordAndServiceFiles) {
  const testing::TempDirectory directory;
  const std::string port = std::to_string(TestServer::shared().port());
  std::ofstream(directory.path() / "pgpass") << "127.0.0.1:" << port << ":*:root:" << TestServer::kPassword << '\n';
  std::filesystem::permissions(directory.path() / "pgpass", std::filesystem::perms(0600));
  std::ofstream(directory.path() / "services")
      << "[theirs]\nhost=127.0.0.1\nport=" << port << "\nuser=root\ndbname=postgres\n";
  const Variable pgpass("PGPASSFILE", directory.path() / "pgpass");
  const Variable services("PGSERVICEFILE", directory.path() / "services");
  Connection by_password_file({.url = "postgresql://root@127.0.0.1:" + port + "/postgres"});
  EXPECT_EQ(by_password_file.value("SELECT 1"), "1");
  const Target service{.url = "service=theirs"};
  EXPECT_EQ(target_parts(service).database, "postgres");
  EXPECT_EQ(target_parts(service).user, "root");
  EXPECT_EQ(Connection(service).database(), "postgres");
  const Error error = error_of([] { static_cast<void>(target_parts({.url = "service=nobodys"})); });
  EXPECT_TRUE(contains(error.what(), "nobodys")) << error.what();
}

TEST(Transaction, IsUndoneUnlessCommitted) {
  Connection connection = connect();
  connection.execute("CREATE TEMP TABLE t (a int)");
  {
    const Transaction transaction(connection);
    connection.execute("INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(connection.value("SELECT count(*) FROM t"), "0");
  {
    Transaction transaction(connection);
    connection.execute("INSERT INTO t VALUES (1)");
    transaction.commit();
  }
  EXPECT_EQ(connection.value("SELECT count(*) FROM t"), "1");
}

TEST(Database, NamesAreIdentifiersWhateverTheyHold) {
  const std::string name = "odd \"name\"; --";
  const TestDatabase database(name);
  Target target = TestServer::shared().target("postgres");
  target.database = name;
  EXPECT_EQ(Connection(target).database(), name);
}

TEST(Database, DropSparesOtherSessionsUnlessForced) {
  const TestDatabase database("in_use");
  Connection user(database.target());
  Connection maintenance = connect();
  EXPECT_EQ(error_of([&] { drop_database(maintenance, "in_use", false); }).sqlstate(), "55006");
  EXPECT_TRUE(drop_database(maintenance, "in_use", true));
  EXPECT_THROW(user.execute("SELECT 1"), Error);
  EXPECT_FALSE(drop_database(maintenance, "in_use", false));
}

TEST(Sessions, ListsOthersAndEndsThem) {
  Connection watcher = connect();
  Connection other(Target{.url = TestServer::shared().url("postgres") + "?application_name=listed"});
  const std::string pid = *other.value("SELECT pg_backend_pid() /* look\n  here */");
  bool found = false;
  for (const Row& row : list_sessions(watcher).rows) {
    if (row[0] != pid) continue;
    found = true;
    EXPECT_EQ(row[1], "root");
    EXPECT_EQ(row[2], "postgres");
    EXPECT_TRUE(contains(*row[3], "127.0.0.1:"));
    EXPECT_EQ(row[4], "listed");
    EXPECT_EQ(row[5], "idle");
    EXPECT_EQ(row[7], "SELECT pg_backend_pid() /* look here */");
  }
  EXPECT_TRUE(found);
  EXPECT_TRUE(end_session(watcher, std::stoi(pid)));
  EXPECT_THROW(other.execute("SELECT 1"), Error);
  EXPECT_FALSE(end_session(watcher, 1));
}

TEST(SqlFiles, FindsQueriesByNameOnly) {
  const testing::TempDirectory directory;
  std::filesystem::create_directories(directory.path() / "queries");
  std::ofstream(directory.path() / "queries/one.sql") << "SELECT 1";
  const SqlFiles files(directory.path());
  EXPECT_EQ(files.query("one"), "SELECT 1");
  EXPECT_TRUE(contains(error_of([&] { static_cast<void>(files.query("two")); }).what(), "it has one"));
  EXPECT_THROW(static_cast<void>(files.query("../queries/one")), Error);
  EXPECT_THROW(static_cast<void>(files.schema()), Error);
  std::ofstream(directory.path() / "queries/marked.sql") << "\xEF\xBB\xBFSELECT 2";
  EXPECT_EQ(files.query("marked"), "SELECT 2");
  std::ofstream(directory.path() / "schema.sql")
      << "--\n\\restrict 8uqOhL4F\nSELECT '\\restrict a';\n\\unrestrict 8uqOhL4F";
  EXPECT_EQ(files.schema(), "--\n\nSELECT '\\restrict a';\n") << "as pg_dump writes it";
  std::ofstream(directory.path() / "seed.sql")
      << "\\set ON_ERROR_STOP on\n\\echo a\nCOPY t FROM stdin;\n\\restrict\n\\.\nSELECT 1;";
  EXPECT_EQ(files.seed(), "\n\nCOPY t FROM stdin;\n\\restrict\n\\.\nSELECT 1;");
  const std::pair<const char*, const char*> refused[] = {
      {"SELECT 1;\n\\connect b\n", "queries/psql.sql:2: \\connect is a command of psql, not SQL: --connection-url"},
      {"\\copy t from 't.csv'", ":1: \\copy is a command of psql, not SQL: COPY … FROM stdin"},
      {"SELECT 1 \\gexec", ":1: \\gexec is a command of psql, not SQL: leave it out"},
      {"COPY t FROM stdin; SELECT 1;\n\\.\n", ":1: after COPY"},
      {"PGDMP\1", "pg_restore"},
  };
  for (const auto& [sql, complaint] : refused) {
    std::ofstream(directory.path() / "queries/psql.sql") << sql;
    const Error error = error_of([&] { static_cast<void>(files.query("psql")); });
    EXPECT_TRUE(contains(error.what(), complaint)) << error.what();
  }
  std::ofstream(directory.path() / "queries/nul.sql") << std::string("SELECT\0 3", 9);
  EXPECT_TRUE(contains(error_of([&] { static_cast<void>(files.query("nul")); }).what(), "nul.sql holds a NUL byte"));
}

}  // namespace
}  // namespace stator::postgres
