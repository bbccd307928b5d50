#include <gtest/gtest.h>

#include <algorithm>

#include "postgres/connection.h"
#include "postgres/error.h"
#include "postgres/mask.h"
#include "postgres/sql_words.h"
#include "postgres/target.h"
#include "test_server.h"

namespace stator::postgres {
namespace {

struct TextCase {
  const char* given;
  const char* expected;
};

TEST(MaskPasswords, LeavesNoPasswordInAnyForm) {
  const TextCase cases[] = {
      {"postgresql://root:secret@host:5432/cruddur", "postgresql://root:***@host:5432/cruddur"},
      {"postgres://root:a%40b@host/x?sslmode=require", "postgres://root:***@host/x?sslmode=require"},
      {"postgresql://root:not@encoded/at@host/x", "postgresql://root:***@host/x"},
      {"postgresql://host/x?user=me&password=secret&sslmode=require",
       "postgresql://host/x?user=me&password=***&sslmode=require"},
      {"host=h password=secret user=u", "host=h password=*** user=u"},
      {"host=h password = 'se cr\\'et' user=u", "host=h password = '***' user=u"},
      {"host=h sslpassword=secret", "host=h sslpassword=***"},
      {"ALTER USER me PASSWORD 'a''b' VALID", "ALTER USER me PASSWORD '****' VALID"},
      {"password authentication failed for user \"root\"", "password authentication failed for user \"root\""},
      {"postgresql://root@host:5432/cruddur", "postgresql://root@host:5432/cruddur"},
      {"postgresql://host:5432/cruddur", "postgresql://host:5432/cruddur"},
      {"", ""},
  };
  for (const TextCase& each : cases) EXPECT_EQ(mask_passwords(each.given), each.expected);
}

struct PlaceCase {
  const char* statement;
  std::size_t position;
  const char* expected;
};

TEST(Error, PutsTheCaretUnderTheCharacterThatIsMeant) {
  const PlaceCase cases[] = {
      {"SELECT nme FROM users", 8, "  line 1: SELECT nme FROM users\n                 ^"},
      {"SELECT 1,\n  nme\nFROM users", 13, "  line 2:   nme\n            ^"},
      {"SELECT 'é', nme", 13, "  line 1: SELECT 'é', nme\n                      ^"},
      {"\tnme", 2, "  line 1: \tnme\n          \t^"},
      {"SELECT", 7, "  line 1: SELECT\n                ^"},
  };
  for (const PlaceCase& each : cases) {
    const Error error(ErrorKind::kStatement,
                      ErrorFields{.message = "m", .statement = each.statement, .position = each.position});
    const std::string text = error.explained();
    EXPECT_EQ(text.substr(text.find('\n') + 1), each.expected);
  }
}

TEST(Error, ShowsOnlyTheNeighbourhoodOfAPlaceInALongLine) {
  const std::string statement = std::string(500, 'x') + "?" + std::string(500, 'y');
  const Error error(ErrorKind::kStatement, ErrorFields{.message = "m", .statement = statement, .position = 501});
  const std::string text = error.explained();
  EXPECT_LT(text.size(), 400U);
  const std::size_t line = text.find("  line 1: ");
  const std::size_t caret = text.rfind('^') - (text.rfind('\n') + 1);
  EXPECT_EQ(text[line + caret], '?');
}

TEST(Error, IsOneLineWithStateDetailAndHint) {
  const Error error(ErrorKind::kStatement,
                    ErrorFields{.message = "a\nb", .sqlstate = "23505", .detail = "c\n d", .hint = "e"});
  EXPECT_STREQ(error.what(), "a b (SQLSTATE 23505): c d; hint: e");
}

TEST(QuoteIdentifier, MakesANameOfAnything) {
  EXPECT_EQ(quote_identifier("cruddur"), "\"cruddur\"");
  EXPECT_EQ(quote_identifier("we\"; DROP DATABASE x; --"), "\"we\"\"; DROP DATABASE x; --\"");
  EXPECT_THROW(quote_identifier(""), Error);
  EXPECT_THROW(quote_identifier(std::string(64, 'a')), Error);
  EXPECT_THROW(quote_identifier(std::string("a\0b", 3)), Error);
}

struct DestroysCase {
  const char* sql;
  bool destroys;
};

TEST(SqlDestroys, SeesWhatTakesAwayAndNothingElse) {
  const DestroysCase cases[] = {
      {"DROP TABLE users", true},
      {"drop table if exists users; create table users()", true},
      {"ALTER TABLE users DROP COLUMN email", true},
      {"TRUNCATE users", true},
      {"DELETE FROM users", true},
      {"WITH gone AS (DELETE FROM users RETURNING *) SELECT 1", true},
      {"CREATE TABLE a (b int REFERENCES c ON DELETE CASCADE)", false},
      {"-- DROP TABLE users\nSELECT 1", false},
      {"/* DROP /* nested */ TABLE */ SELECT 1", false},
      {"SELECT 'DROP TABLE users'", false},
      {"SELECT E'it\\'s DROP TABLE'", false},
      {"SELECT \"drop\" FROM t", false},
      {"SELECT $q$ DROP TABLE $q$", false},
      {"SELECT $1, droplet FROM t", false},
      {"SELECT 'a''b' ; DROP TABLE x", true},
      {"SELECT 'never closed DROP", false},
      {"DO $$ BEGIN EXECUTE 'DROP TABLE ' || quote_ident('users'); END $$", true},
      {"DO $$ BEGIN EXECUTE $q$DROP TABLE users$q$; END $$", true},
      {"DO $$ BEGIN PERFORM 1; END $$", false},
      {"MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", true},
      {"COPY t FROM stdin;\nDROP TABLE\tit's\n\\.\nSELECT 1", false},
      {"COPY t FROM stdin;\nit's\n\\.\nDROP TABLE t", true},
  };
  for (const DestroysCase& each : cases) EXPECT_EQ(sql_destroys(each.sql), each.destroys) << each.sql;
}

TEST(SqlActsOnServer, SeesWhatAReadOnlyTransactionLetsPass) {
  for (const char* sql :
       {"alter system set work_mem = '4MB'", "COPY t TO '/tmp/t'", "COPY t TO PROGRAM 'sh'", "copy t from program 'sh'",
        "SELECT 1; COPY (SELECT 1) TO '/tmp/t'", "COPY (SELECT a AS stdout FROM t) TO '/tmp/t' (FORMAT csv)",
        "DO $$ BEGIN COPY t TO PROGRAM 'sh'; END $$", "DO 'BEGIN EXECUTE $a$COPY t TO ''/tmp/t''$a$; END'",
        "DO $$ BEGIN SET default_transaction_read_only = off; COMMIT; INSERT INTO t VALUES (1); END $$"}) {
    EXPECT_TRUE(sql_acts_on_server(sql)) << sql;
  }
  for (const char* sql :
       {"SELECT 'COPY t TO PROGRAM'", "COPY t TO STDOUT", "COPY t FROM STDIN", "ALTER TABLE system ADD a int",
        "COPY (SELECT '1 2'::interval day to second) TO STDOUT (FORMAT csv)", "DO $$ BEGIN PERFORM 1; END $$"}) {
    EXPECT_FALSE(sql_acts_on_server(sql)) << sql;
  }
}

TEST(SqlOnlyReads, SeesWhatWritesBehindAWordThatReads) {
  for (const char* sql : {"select 1", "(SELECT 1) UNION (SELECT 2)", "TABLE t", "VALUES (1)", "SHOW work_mem",
                          "-- a\nWITH a AS (SELECT 1) SELECT * FROM a", "SELECT 'DELETE'"}) {
    EXPECT_TRUE(sql_only_reads(sql)) << sql;
  }
  for (const char* sql : {"", "INSERT INTO t VALUES (1) RETURNING a", "WITH a AS (DELETE FROM t RETURNING b) TABLE a",
                          "SELECT 1 INTO t", "EXPLAIN ANALYZE INSERT INTO t VALUES (1)", "CALL p()"}) {
    EXPECT_FALSE(sql_only_reads(sql)) << sql;
  }
}

std::vector<std::string> statements_of(std::string_view sql) {
  std::vector<std::string> statements;
  SqlReader reader(sql);
  while (const auto statement = reader.next()) {
    if (!statement->is_empty()) statements.emplace_back(statement->text);
    if (statement->rows) statements.push_back("rows: " + std::string(*statement->rows));
  }
  return statements;
}

TEST(SqlReader, PartsStatementsAsPsqlDoes) {
  const std::pair<const char*, std::vector<std::string>> cases[] = {
      {"SELECT 1;SELECT 2", {"SELECT 1;", "SELECT 2"}},
      {" -- a;\n SELECT ';' /* ; */ ;\n-- b\n", {"SELECT ';' /* ; */ ;"}},
      {"SELECT $a$;$a$; (SELECT 1);;", {"SELECT $a$;$a$;", "(SELECT 1);"}},
      {"'no statement, which the server is to say'; ()", {"'no statement, which the server is to say';", "()"}},
      {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
       {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", "SELECT 3"}},
      {"create or replace procedure p() begin atomic select case when true then 1 end; select 2; end; SELECT 3",
       {"create or replace procedure p() begin atomic select case when true then 1 end; select 2; end;", "SELECT 3"}},
      {"CREATE TABLE begin (a int); SELECT 1", {"CREATE TABLE begin (a int);", "SELECT 1"}},
      {"COPY public.users (id, name) FROM stdin;\n1\t;'\n\\.\nSELECT 2;",
       {"COPY public.users (id, name) FROM stdin;", "rows: 1\t;'\n", "SELECT 2;"}},
      {"copy t from STDIN with (format csv); -- two\r\n1\r\n\\.\r\nSELECT 2",
       {"copy t from STDIN with (format csv);", "rows: 1\r\n", "SELECT 2"}},
      {"COPY t FROM stdin;\n\\.\n", {"COPY t FROM stdin;", "rows: "}},
      {"COPY t FROM stdin;\n1\n\\.x\n2", {"COPY t FROM stdin;", "rows: 1\n\\.x\n2"}},
      {"COPY t FROM stdin;", {"COPY t FROM stdin;", "rows: "}},
      {"COPY t FROM '/tmp/t'; COPY t TO STDOUT; SELECT 1 AS copy FROM stdin;",
       {"COPY t FROM '/tmp/t';", "COPY t TO STDOUT;", "SELECT 1 AS copy FROM stdin;"}},
      {"", {}},
  };
  for (const auto& [sql, statements] : cases) EXPECT_EQ(statements_of(sql), statements) << sql;
}

TEST(SqlReader, TellsCommandsOfPsql) {
  const std::string sql = "-- a\n\\connect b\nSELECT '\\c';\nSELECT 1 \\gset\n";
  std::vector<std::string> commands;
  SqlReader reader(sql);
  while (const auto statement = reader.next()) {
    if (!statement->psql_command.empty()) commands.emplace_back(statement->psql_command);
  }
  EXPECT_EQ(commands, (std::vector<std::string>{"\\connect b", "\\gset"}));
}

TEST(SqlRefusesTransaction, TakesTheMarkBeforeTheFirstStatement) {
  EXPECT_TRUE(sql_refuses_transaction("-- stator: no transaction\nVACUUM"));
  EXPECT_TRUE(sql_refuses_transaction("-- an index\r\n\r\n  --  stator: no transaction \r\nVACUUM"));
  EXPECT_FALSE(sql_refuses_transaction("SELECT 1; -- stator: no transaction"));
  EXPECT_FALSE(sql_refuses_transaction("SELECT 1;\n-- stator: no transaction\n"));
  EXPECT_FALSE(sql_refuses_transaction(""));
  EXPECT_THROW(sql_refuses_transaction("-- stator: no-transaction\nVACUUM"), Error);
}

TEST(SqlTransactionControl, FindsOnlyStatements) {
  EXPECT_EQ(sql_transaction_control("CREATE TABLE a (); COMMIT;"), "COMMIT");
  EXPECT_EQ(sql_transaction_control("begin; select 1"), "BEGIN");
  EXPECT_EQ(sql_transaction_control("SAVEPOINT a; SELECT 1; ROLLBACK TO a; SELECT 2"), "");
  EXPECT_EQ(sql_transaction_control("CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END $$ LANGUAGE plpgsql"),
            "");
  EXPECT_EQ(sql_transaction_control("SELECT 1 -- ; COMMIT"), "");
  EXPECT_EQ(sql_transaction_control("CREATE TABLE a (); end;"), "END");
  EXPECT_EQ(sql_transaction_control("CREATE TABLE a (); PREPARE TRANSACTION 'a'"), "PREPARE TRANSACTION");
  EXPECT_EQ(sql_transaction_control("PREPARE a AS SELECT 1; SELECT CASE WHEN true THEN 1 END"), "");
  EXPECT_EQ(sql_transaction_control("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 1"), "");
  EXPECT_EQ(sql_transaction_control("CREATE PROCEDURE p() BEGIN ATOMIC END; SELECT 1; END"), "END");
}

TEST(Target, RefusesAnUnreadableUrlWithoutQuotingItsPassword) {
  for (const char* url : {"postgresql://root:sec%ret@host/x", "postgresql://root:secret@host:54x32/y?bad", "secret",
                          "host=h password='secret", "password=sec secret=t ret", "postgresql://[secret/x"}) {
    const Error error = testing::error_of([&] { static_cast<void>(target_parts({.url = url})); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_FALSE(testing::contains(error.what(), "sec")) << error.what();
    EXPECT_TRUE(testing::is_one_line(error.what()));
  }
}

TEST(Target, NamesAWrongParameter) {
  const Error error =
      testing::error_of([] { static_cast<void>(target_parts({.url = "postgresql://h/x?slmode=require"})); });
  EXPECT_TRUE(testing::contains(error.what(), "slmode")) << error.what();
}

TEST(Target, KnowsItsParts) {
  const TargetParts parts = target_parts({.url = "postgresql://root:x@db.example.com:6543/cruddur"});
  EXPECT_EQ(parts.host, "db.example.com");
  EXPECT_EQ(parts.port, "6543");
  EXPECT_EQ(parts.user, "root");
  EXPECT_EQ(parts.database, "cruddur");
  EXPECT_EQ(target_parts({.url = "postgresql://root@h"}).database, "");
  EXPECT_EQ(describe({.url = "postgresql://root:x@db.example.com:6543/cruddur"}),
            "cruddur on db.example.com:6543 as root");
}

TEST(Target, KeepsThePasswordOutOfWhatOtherProgramsAreCalledWith) {
  const PublicTarget open =
      public_target({.url = "postgresql://root:se%27cret@h:1/x?sslmode=require", .database = "o'b"});
  EXPECT_EQ(open.password, "se'cret");
  EXPECT_FALSE(testing::contains(open.conninfo, "cret"));
  EXPECT_TRUE(testing::contains(open.conninfo, "sslmode='require'"));
  EXPECT_TRUE(testing::contains(open.conninfo, "dbname='o\\'b'"));
  EXPECT_FALSE(testing::contains(open.conninfo, "dbname='x'"));
  EXPECT_EQ(public_target({.url = "postgresql://h/x?sslkey=/k&sslpassword=secret"}).conninfo,
            "dbname='x' host='h' sslkey='/k' ");
}

TEST(SqlReader, SurvivesAnyTextThatEndsTooEarly) {
  const std::string text = "SELECT E'a\\'b' /* x /* y */ */ $t$ z $t$ \"q\"\"r\" -- c\n; DROP";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    static_cast<void>(statements_of(std::string_view(text).substr(0, length)));
  }
  EXPECT_TRUE(sql_destroys(text));
}

}  // namespace
}  // namespace stator::postgres
