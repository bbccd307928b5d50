#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/arguments.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/table.h"

namespace stator::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kProject = STATOR_SOURCE_DIR;

/// Command lines on a data directory of the test's own, away from the environment of whoever runs the tests.
class CommandLine : public CommandTest {
 protected:
  Outcome stator(std::vector<std::string> arguments, const std::string& input = "", bool terminal = false) {
    arguments.insert(arguments.begin(), {"--data", path("data"), "--models", (kProject / "models").string()});
    return run_line(arguments, input, terminal);
  }
};

TEST_F(CommandLine, ErrorsThatRepeatAValueHaveNoSayOverTheTerminal) {
  const Outcome refused = stator({"api", "create-table", R"({"TableName":"a\u001b[2J\u009b"})"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find(R"('a\x1B[2J\x9B')"), std::string::npos) << refused.err;
}

struct UsageRow {
  std::vector<std::string> arguments;
  int code;
  const char* err;
};

TEST_F(CommandLine, TellsMistakesInOneLineWithTheNearestRightWord) {
  const UsageRow rows[] = {
      {{"dbd"}, 2, "stator: unknown command \"dbd\" for \"stator\"; did you mean ddb? (help: stator --help)\n"},
      {{"ddb", "sede"},
       2,
       "stator: unknown command \"sede\" for \"stator ddb\"; did you mean seed? (help: stator ddb --help)\n"},
      {{"ddb"}, 2, "stator: \"stator ddb\" needs a command (help: stator ddb --help)\n"},
      {{"ddb", "scan", "--limt", "5"},
       2,
       "stator: unknown option --limt for \"stator ddb scan\"; did you mean --limit? (help: stator ddb scan --help)\n"},
      {{"ddb", "scan", "--limit", "x"}, 2, nullptr},
      {{"ddb", "scan", "--segments", "0"}, 2, nullptr},
      {{"ddb", "list-tables", "extra"},
       2,
       "stator: \"stator ddb list-tables\" takes no argument \"extra\" (help: stator ddb list-tables --help)\n"},
      {{"--output", "xml", "ddb", "list-tables"}, 2, nullptr},
      {{"--output", "csv", "--output", "csv", "tables"},
       2,
       "stator: --output is given 2 times, but is allowed once (help: stator tables --help)\n"},
      {{"tables", "--output"}, 2, "stator: --output needs a value (help: stator tables --help)\n"},
      {{"query", "t", "a", "--between", "b"},
       2,
       "stator: --between needs 2 values, not 1 (help: stator query --help)\n"},
      {{"serve", "-port"}, 2, "stator: --port needs a value (help: stator serve --help)\n"},
      {{"--", "tables"}, 2, "stator: \"stator\" takes no argument \"tables\" (help: stator --help)\n"},
      {{"tables", "--", "x"}, 2, "stator: \"stator tables\" takes no argument \"x\" (help: stator tables --help)\n"},
      {{"seed"},
       2,
       "stator: unknown command \"seed\" for \"stator\"; did you mean stator ddb seed or stator db seed? (help: stator "
       "--help)\n"},
      {{"put-item"},
       2,
       "stator: unknown command \"put-item\" for \"stator\"; did you mean stator api put-item? (help: stator "
       "--help)\n"},
      {{"ls"}, 2, "stator: unknown command \"ls\" for \"stator\"; did you mean stator tables? (help: stator --help)\n"},
      {{"ddb", "get"},
       2,
       "stator: unknown command \"get\" for \"stator ddb\"; did you mean stator get? (help: stator ddb --help)\n"},
      {{""}, 2, "stator: unknown command \"\" for \"stator\" (help: stator --help)\n"},
      {{"ddb", "list-tables", "--output", "csv"},
       2,
       "stator: this command prints with --output human or json; the other formats are for items\n"},
      {{"ddb", "scan", "t", "--values", "[]"}, 2, "stator: --values: expected a JSON object\n"},
      {{"completion", "tcsh"}, 2, nullptr},
      {{"completion", "bash", "prod"}, 2, nullptr},
      // Options that the command would ignore are refused.
      {{"serve", "--port", "0", "--read-only"}, 2, "stator: serve takes no --read-only (help: stator serve --help)\n"},
      {{"serve", "--dry-run"}, 2, nullptr},
      {{"serve", "--endpoint-url", "http://127.0.0.1:1"}, 2, nullptr},
      {{"serve", "--cache", "memory"}, 2, nullptr},
      {{"serve", "--max-memory", "5"},
       2,
       "stator: --max-memory is for --in-memory (--cache-size and --memtable-size are for a disk)\n"},
      {{"serve", "--account", "1"}, 2, "stator: --account: takes 12 digits, not 1 (help: stator serve --help)\n"},
      {{"cache", "--to", "aws"}, 2, "stator: cache takes no --data (help: stator cache --help)\n"},
      {{"repair", "a", "--to", "b", "--dry-run"}, 2, nullptr},
      {{"check", "a", "--output", "json"}, 2, "stator: check takes no --output (help: stator check --help)\n"},
      {{"check", "a", "--region", "eu-west-1"}, 2, "stator: check takes no --region (help: stator check --help)\n"},
      {{"health", "--profile", "work"}, 2, nullptr},
      {{"health", "--output", "csv"}, 2, nullptr},
      {{"check", "a", "b"}, 2, "stator: \"stator check\" takes no argument \"b\" (help: stator check --help)\n"},
      {{"ddb", "sql", "SELECT", "*", "FROM", "shop"},
       2,
       "stator: \"stator ddb sql\" takes no argument \"*\" \"FROM\" \"shop\"; quote a value that contains spaces "
       "(help: "
       "stator ddb sql --help)\n"},
      {{"api", "put-item", "--table-name", "shop"},
       2,
       "stator: unknown option --table-name for \"stator api\"; the request is JSON, as in '{\"TableName\": \"shop\"}' "
       "(help: "
       "stator api --help)\n"},
      {{"api", "list-tables", "--outptu", "json"},
       2,
       "stator: unknown option --outptu for \"stator api\"; did you mean --output? (help: stator api --help)\n"},
      {{"scan", "--table-name", "shop"},
       2,
       "stator: unknown option --table-name for \"stator scan\"; TABLE is given without an option (help: stator scan "
       "--help)\n"},
      {{"query", "shop", "a", "--no-scan-index-forward"},
       2,
       "stator: unknown option --no-scan-index-forward for \"stator query\"; did you mean --reverse? (help: stator "
       "query "
       "--help)\n"},
      {{"scan", "shop", "--expression-attribute-values", "{}"},
       2,
       "stator: unknown option --expression-attribute-values for \"stator scan\"; placeholders are arguments: "
       ":name=VALUE, "
       "'#name=ATTRIBUTE' (help: stator scan --help)\n"},
      {{"put", "shop", "--item", "{}"},
       2,
       "stator: unknown option --item for \"stator put\"; ITEM is given without an option (help: stator put --help)\n"},
      {{"Select * from shop"},
       2,
       "stator: unknown command \"Select * from shop\" for \"stator\"; did you mean stator ddb sql or stator db query? "
       "(help: "
       "stator --help)\n"},
      {{"dynamodb", "list-tables"},
       2,
       "stator: unknown command \"dynamodb\" for \"stator\"; did you mean stator api? (help: stator --help)\n"},
      {{"tables", "--long=abc"}, 2, "stator: --long: \"abc\" is not an allowed value (help: stator tables --help)\n"},
      {{"snapshot", "list", "prod"},
       2,
       "stator: \"stator snapshot list\" does not take the word prod (help: stator snapshot list --help)\n"},
      {{"tables", "--endpoint-url", "foo"},
       2,
       "stator: --endpoint-url: not a usable URL: \"foo\": it must begin with http:// or https:// (help: stator tables "
       "--help)\n"},
      {{"ddb", "drop"}, 2, "No TABLE_NAME argument supplied eg ./bin/ddb/drop cruddur-messages prod\n"},
      {{"ddb", "drop", "prod"}, 2, "No TABLE_NAME argument supplied eg ./bin/ddb/drop cruddur-messages prod\n"},
      {{"ddb", "drop", "some-table", "prod"},
       1,
       "stator: this would mean deleting table some-table in production: confirm it with --yes some-table\n"},
      {{"ddb", "drop", "missing"},
       1,
       "An error occurred (ResourceNotFoundException) when calling the DeleteTable operation: Requested resource not "
       "found: Table: missing not found\n"},
      {{"ddb", "patterns", "get-conversation", "--limit", "0"},
       2,
       "stator: --limit: expected an integer from 1 to 10000, found \"0\"\n"},
      {{"ddb", "patterns", "get-conversation", "--next", "zzz"},
       2,
       "stator: --next: expected a token that get-conversation printed\n"},
      {{"copy", "ftp://host/t", "u"},
       2,
       "stator: not a usable URL: \"ftp://host\": it must begin with http:// or https://\n"},
      {{"copy", "t", "s3:/bucket/t"},
       2,
       "stator: not a usable URL: \"s3:/bucket\": it must begin with http:// or https://\n"},
      {{"tables", "--endpoint-url", "host:8000"},
       2,
       "stator: --endpoint-url: not a usable URL: \"host:8000\": it must begin with http:// or https:// "
       "(help: stator tables --help)\n"},
      {{"ddb", "import-table", "t", "--bucket", "b", "--key", "pk", "--format", "cvs"},
       2,
       "stator: --format: cvs not in {csv,ddb-json,ion} (help: stator ddb import-table --help)\n"},
      {{"ddb", "import-table", "t", "--bucket", "b", "--key", "pk:X"},
       2,
       "stator: pk:X is not a key: a name, and after a colon its type, S, N or B\n"},
      {{"ddb", "schema-load", "--model", "none"}, 2, "stator: no model none; there are: cruddur-messages, shop\n"},
  };
  for (const UsageRow& row : rows) {
    const Outcome outcome = stator(row.arguments);
    const std::string line = ::testing::PrintToString(row.arguments);
    EXPECT_EQ(outcome.code, row.code) << line;
    if (row.err != nullptr) {
      EXPECT_EQ(outcome.err, row.err) << line;
    }
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << line << outcome.err;
  }
}

TEST_F(CommandLine, RunsTheWholeMainJob) {
  EXPECT_EQ(stator({"ddb", "list-tables"}).out, "");
  const Outcome load = stator({"ddb", "schema-load"});
  EXPECT_EQ(load.code, 0) << load.err;
  EXPECT_NE(load.out.find("\"TableStatus\": \"ACTIVE\""), std::string::npos) << load.out;
  const Outcome again = stator({"ddb", "schema-load"});
  EXPECT_EQ(again.code, 1);
  EXPECT_NE(again.err.find("table cruddur-messages already exists"), std::string::npos) << again.err;
  EXPECT_EQ(stator({"ddb", "schema-load", "--if-not-exists"}).code, 0);
  EXPECT_EQ(stator({"ddb", "list-tables"}).out,
            "----------------------\n|     ListTables     |\n+--------------------+\n|  cruddur-messages  |\n"
            "+--------------------+\n");
  EXPECT_EQ(stator({"ddb", "seed"}).out,
            "seeded cruddur-messages: 58 items (56 messages, 2 conversation entries), users from model "
            "cruddur-messages\n");
  const Outcome lines = stator({"ddb", "patterns", "get-conversation", "--quiet", "--limit", "2"});
  EXPECT_EQ(lines.out,
            "andrewbrown     2023-03-20 10:54 AM   Kettle is on. This will be a good season...\n"
            "bayko           2023-03-20 10:55 AM   It always is, once the trailer lights wo...\n");
  EXPECT_TRUE(lines.err.starts_with("more: --next ")) << lines.err;
  const std::string token = lines.err.substr(13, lines.err.size() - 14);
  EXPECT_EQ(stator({"ddb", "patterns", "get-conversation", "--quiet", "--limit", "1", "--next", token}).out,
            "bayko           2023-03-20 10:53 AM   It worked! ⛵ See you in a minute....\n");
  const Outcome mine = stator({"ddb", "patterns", "list-conversations"});
  EXPECT_TRUE(
      mine.out.starts_with("my-uuid: 8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11\n{\n  \"ConsumedCapacity\": {\n    "
                           "\"CapacityUnits\": 0.5,\n    \"TableName\": \"cruddur-messages\"\n  },\n"))
      << mine.out;
  const Outcome all = stator({"ddb", "scan"});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 58);
  EXPECT_NE(all.out.find("'user_handle': 'bayko'"), std::string::npos);
  EXPECT_EQ(stator({"ddb", "scan", "--segments", "4", "--limit", "7", "--output", "jsonl"}).code, 0);
  const Outcome filtered =
      stator({"ddb", "scan", "--filter", "user_handle = :h AND begins_with(pk, :m)", "--values",
              R"({":h":{"S":"bayko"},":m":{"S":"MSG#"}})", "--projection", "sk", "--output", "csv"});
  EXPECT_EQ(std::count(filtered.out.begin(), filtered.out.end(), '\n'), 29);
  EXPECT_TRUE(filtered.out.starts_with("sk\r\n2023-03-20T10:01:00.000000+00:00\r\n")) << filtered.out.substr(0, 80);
  const Outcome dropped = stator({"ddb", "drop", "cruddur-messages"});
  EXPECT_TRUE(dropped.out.starts_with("deleting table: cruddur-messages\n{\n    \"TableDescription\": {\n"))
      << dropped.out;
  EXPECT_EQ(stator({"ddb", "list-tables", "--output", "json"}).out, "{\n  \"TableNames\": []\n}\n");
  EXPECT_EQ(
      stator({"ddb", "seed"}).err,
      "An error occurred (ResourceNotFoundException) when calling the BatchWriteItem operation: Requested resource "
      "not found (stator ddb schema-load --model cruddur-messages creates table cruddur-messages)\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"ddb", "scan"}, {"ddb", "patterns", "list-conversations"}}) {
    EXPECT_TRUE(stator(words).err.ends_with(
        "(stator ddb schema-load --model cruddur-messages creates table cruddur-messages)\n"))
        << words.back();
  }
  const std::string unknown = stator({"ddb", "scan", "cruddur"}).err;
  EXPECT_NE(unknown.find("Table: cruddur not found (there are no tables: "), std::string::npos) << unknown;
}

TEST_F(CommandLine, SqlRunsStatementsAndShowsWhatTheyReturn) {
  stator({"ddb", "schema-load"});
  const auto sql = [this](std::vector<std::string> rest, const std::string& input = "", bool terminal = false) {
    std::vector<std::string> line = {"ddb", "sql"};
    line.insert(line.end(), rest.begin(), rest.end());
    return stator(line, input, terminal);
  };
  const Outcome inserted =
      sql({R"(INSERT INTO "cruddur-messages" VALUE {'pk': 'a', 'sk': '1', 'n': 5, 's': <<'x'>>})"});
  EXPECT_EQ(inserted.code, 0) << inserted.err;
  EXPECT_TRUE(inserted.out.starts_with("0 items, ")) << inserted.out;
  const std::string script =
      "-- two statements; in one text\nINSERT INTO \"cruddur-messages\" VALUE {'pk': 'a', 'sk': '2;', "
      "'m': {'k': [1, 'two', NULL]}};\n\nUPDATE \"cruddur-messages\" SET n = 7 "
      "WHERE pk = 'a' AND sk = '2;';\n";
  EXPECT_EQ(sql({}, script).code, 0);
  const std::string select = R"(SELECT sk, n, s, m FROM "cruddur-messages" WHERE pk = 'a')";
  const Outcome table = sql({select});
  EXPECT_TRUE(
      table.out.starts_with("sk  n  s              m\n"
                            "1   5  {\"$SS\":[\"x\"]}\n"
                            "2;  7                 {\"k\":[1,\"two\",null]}\n"))
      << table.out;
  EXPECT_TRUE(sql({select, "--output", "table"}).out.starts_with("sk  n  s  "));
  EXPECT_TRUE(sql({select, "--output", "python"}).out.starts_with("{'sk': '1', 'n': Decimal('5')"));
  EXPECT_NE(table.out.find("\n2 items, 0.5 capacity units, "), std::string::npos) << table.out;
  EXPECT_EQ(sql({select, "--output", "jsonl", "--limit", "1"}).out, R"({"sk":{"S":"1"},"n":{"N":"5"},"s":{"SS":["x"]}})"
                                                                    "\n");
  EXPECT_EQ(sql({select, "--output", "json"}).out.front(), '[');
  EXPECT_TRUE(sql({select, "--output", "csv"}).out.starts_with("sk,n,s,m\r\n1,5,"));
  EXPECT_EQ(sql({R"(SELECT n FROM "cruddur-messages" WHERE pk = ? AND n > ?)", "--parameters",
                 R"([{"S":"a"},{"N":"6"}])", "--output", "jsonl"})
                .out,
            "{\"n\":{\"N\":\"7\"}}\n");
  EXPECT_EQ(sql({R"(SELECT n FROM "cruddur-messages" WHERE pk = ? AND n > ?)", "--parameters", R"(["a", 6])",
                 "--output", "jsonl"})
                .out,
            "{\"n\":{\"N\":\"7\"}}\n");
  const std::string file = (directory_.path() / "some.sql").string();
  std::ofstream(file) << select << ";" << select;
  EXPECT_EQ(sql({"--file", file, "--output", "jsonl"}).out.size(), 2 * sql({select, "--output", "jsonl"}).out.size());
  // A byte order mark is skipped, and an error names the line of its statement.
  std::ofstream(file) << "\xEF\xBB\xBF" << select << ";\n\n-- the next one\nSELECT * FROM;";
  const Outcome named = sql({"--file", file, "--output", "jsonl"});
  EXPECT_EQ(named.code, 1);
  EXPECT_TRUE(named.err.starts_with(file + ":4: An error occurred (ValidationException)")) << named.err;
  EXPECT_TRUE(sql({}, "\nSELECT * FROM").err.starts_with("standard input:2: An error occurred"));
  const Outcome faulty = sql({"SELECT * FROM"});
  EXPECT_EQ(faulty.code, 1);
  EXPECT_EQ(
      faulty.err,
      "An error occurred (ValidationException) when calling the ExecuteStatement operation: Statement wasn't well "
      "formed, can't be processed: Unexpected term\n");
  EXPECT_EQ(sql({select, "--parameters", "{}"}).err,
            "stator: --parameters: expected a JSON list of attribute values\n");
  EXPECT_EQ(sql({select, "--parameters", "[1"}).code, 2);
}

TEST_F(CommandLine, SqlPromptGoesOnAfterFaults) {
  stator({"ddb", "schema-load"});
  const Outcome outcome = stator({"ddb", "sql"},
                                 "SELECT nonsense;\nSELECT *\nFROM \"cruddur-messages\" -- all; of it\n;\n\\q\n"
                                 "never read;\n",
                                 true);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("Expected FROM after SELECT list\n"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.out.find("sql> ...> ...> 0 items, "), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("never"), std::string::npos);
}

TEST_F(CommandLine, WhatOnlyReadsMakesNoDataDirectory) {
  const std::filesystem::path data = directory_.path() / "data";
  EXPECT_EQ(stator({"ddb", "list-tables"}).err, "no tables (" + data.string() + ")\n");
  EXPECT_EQ(stator({"ddb", "scan"}).err,
            "An error occurred (ResourceNotFoundException) when calling the Scan operation: Requested resource not "
            "found (stator ddb schema-load --model cruddur-messages creates table cruddur-messages)\n");
  EXPECT_EQ(stator({"ddb", "patterns", "get-conversation"}).code, 1);
  EXPECT_FALSE(std::filesystem::exists(data));
}

TEST_F(CommandLine, GetConversationPrintsResponseCapacityAndLines) {
  stator({"ddb", "schema-load"});
  stator({"ddb", "seed"});
  const std::string out =
      stator({"ddb", "patterns", "get-conversation", "--from", "2023-03-20T10:01", "--to", "2023-03-20T10:01"}).out;
  const std::string capacity = "{\n  \"CapacityUnits\": 0.5,\n  \"TableName\": \"cruddur-messages\"\n}\n";
  EXPECT_TRUE(out.starts_with("{\n  \"ConsumedCapacity\": {\n    \"CapacityUnits\": 0.5,\n"));
  EXPECT_NE(out.find("\n  \"Count\": 1,\n  \"Items\": [\n    {\n      \"message\": {\n        \"S\": "
                     "\"Still fighting. The lights on the trailer work only when I don't need them.\"\n"),
            std::string::npos)
      << out;
  EXPECT_TRUE(out.ends_with("\n  \"ScannedCount\": 1\n}\n" + capacity +
                            "bayko           2023-03-20 10:01 AM   Still fighting. The lights on the traile...\n"))
      << out;
}

TEST_F(CommandLine, SeedsFilesAndNamesBadLines) {
  stator({"ddb", "schema-load"});
  const std::string file = (directory_.path() / "messages.csv").string();
  std::ofstream(file) << "andrewbrown,2023-04-01T08:00:00Z,good\nnobody,2023-04-01T08:01:00Z,bad\n";
  const Outcome refused = stator({"ddb", "seed", "--messages", file});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, file + ":2: no user has the handle \"nobody\"\nstator: " + file +
                             ": line 2 is bad; nothing was written (--skip-bad loads the others)\n");
  EXPECT_EQ(stator({"ddb", "scan"}).out, "");
  const Outcome taken = stator({"ddb", "seed", "--messages", file, "--skip-bad", "--output", "json"});
  EXPECT_EQ(taken.code, 0) << taken.err;
  EXPECT_NE(taken.out.find("\"Messages\": 1"), std::string::npos) << taken.out;
  EXPECT_NE(taken.out.find("\"BadLines\": 1"), std::string::npos) << taken.out;
}

TEST_F(CommandLine, ChecksPatternsWithAnExitStatus) {
  const std::string nowhere = (directory_.path() / "nowhere").string();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"ddb", "patterns", "check"}, std::vector<std::string>{"ddb", "patterns"}}) {
    std::vector<std::string> line = words;
    line.insert(line.end(), {"--models", nowhere});
    const Outcome none = run_line(line);
    EXPECT_EQ(none.code, 1);
    EXPECT_EQ(none.err, "stator: no models in " + nowhere + "\n");
  }
  const Outcome good = stator({"ddb", "patterns", "check"});
  EXPECT_EQ(good.code, 0);
  EXPECT_NE(good.out.find("|  cruddur-messages/get-conversation              |  20     |"), std::string::npos)
      << good.out;
  const fs::path models = directory_.path() / "models";
  fs::create_directories(models / "m" / "patterns");
  fs::copy(kProject / "models" / "cruddur-messages" / "table.json", models / "m" / "table.json");
  std::ofstream(models / "m" / "patterns" / "all.json")
      << R"({"description": "d", "operation": "Scan", "request": {}, "budget": 1})";
  const std::string junit = (directory_.path() / "junit.xml").string();
  const Outcome bad =
      run_line({"ddb", "patterns", "check", "--models", models.string(), "--output", "json", "--junit", junit});
  EXPECT_EQ(bad.code, 1);
  std::ifstream file(junit);
  const std::string xml{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(xml.find("tests=\"1\" failures=\"1\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("<testcase classname=\"m\" name=\"all\">\n    <failure message=\"scans\"/>"), std::string::npos)
      << xml;
  EXPECT_NE(bad.out.find("\"verdict\": \"scans\""), std::string::npos) << bad.out;
  std::ofstream(models / "m" / "patterns" / "all.json") << "{";
  const Outcome broken = run_line({"ddb", "patterns", "--models", models.string()});
  EXPECT_EQ(broken.code, 1);
  EXPECT_NE(broken.err.find("patterns/all.json:1:2: not JSON"), std::string::npos) << broken.err;
}

TEST_F(CommandLine, TakesANewPatternFromTheModelAlone) {
  const fs::path models = directory_.path() / "models";
  fs::create_directories(models);
  fs::copy(kProject / "tests" / "cli" / "models", models, fs::copy_options::recursive);
  const auto shop = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--models", models.string(), "--data", (directory_.path() / "d").string()});
    return run_line(arguments);
  };
  EXPECT_EQ(shop({"ddb", "schema-load"}).code, 0);
  EXPECT_EQ(shop({"ddb", "seed"}).out.substr(0, 30), "seeded shop: 4 items (0 messag");
  EXPECT_EQ(shop({"ddb", "patterns", "orders-of-customer", "--customer", "ann", "--least", "20"}).out,
            "Orders of ann from 20 up\n1002    25.5 open\n1001    20 shipped\n");
  EXPECT_EQ(shop({"ddb", "patterns", "check"}).code, 0);
  const Outcome help = shop({"ddb", "patterns", "orders-of-customer", "--help"});
  EXPECT_NE(help.out.find("Example: stator ddb patterns orders-of-customer --customer=ann\n"), std::string::npos)
      << help.out;
  // A pattern whose name no command can have is reported with its file, and a name in two models with the models.
  const fs::path patterns = models / "shop" / "patterns";
  for (const char* name : {"check.json", "bad name.json", "x=y.json", "-a.json", "prod.json"}) {
    fs::copy(patterns / "orders-of-customer.json", patterns / name);
    const Outcome bad = shop({"ddb", "patterns"});
    EXPECT_EQ(bad.code, 1);
    EXPECT_TRUE(bad.err.starts_with("stator: " + (patterns / name).string() + ":1:1: a pattern is named by its file"))
        << bad.err;
    fs::remove(patterns / name);
  }
  fs::copy(models / "shop", models / "store", fs::copy_options::recursive);
  EXPECT_EQ(shop({"ddb", "patterns", "orders-of-customer"}).err,
            "stator: unknown command \"orders-of-customer\" for \"stator ddb patterns\"; did you mean "
            "shop/orders-of-customer or store/orders-of-customer? (help: stator ddb patterns --help)\n");
}

TEST_F(CommandLine, SchemaLoadSaysWhereATableDiffersAndBringsItInLine) {
  const fs::path models = directory_.path() / "models";
  fs::create_directories(models / "things");
  const auto model = [&](const std::string& more) {
    std::ofstream(models / "things" / "table.json")
        << R"({"TableName":"things","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
        << R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST")" << more << "}";
  };
  const auto load = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"ddb", "schema-load"});
    arguments.insert(arguments.end(), {"--models", models.string(), "--data", (directory_.path() / "d").string()});
    return run_line(arguments);
  };
  model("");
  EXPECT_EQ(load({}).code, 0);
  EXPECT_EQ(load({"--if-not-exists"}).err,
            "table things already exists (" + (directory_.path() / "d").string() + ")\n");
  model(R"(,"TimeToLiveSpecification":{"AttributeName":"expires","Enabled":true},"DeletionProtectionEnabled":true)");
  const std::string plan = "+ time to live by expires\n+ protection against deletion\n";
  EXPECT_TRUE(load({"--if-not-exists"}).err.ends_with("what schema-load --update would do:\n" + plan));
  EXPECT_EQ(load({"--update", "--read-only"}).code, 1);
  const Outcome dry = load({"--update", "--dry-run"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_EQ(dry.err, plan);
  EXPECT_TRUE(dry.out.starts_with("UpdateTimeToLive {")) << dry.out;
  EXPECT_EQ(load({"--update"}).err, plan);
  EXPECT_EQ(load({"--update"}).err, "table things is as the model says (" + (directory_.path() / "d").string() + ")\n");
  model(R"(,"TimeToLive":{})");
  const Outcome unknown = load({});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("table.json:1:"), std::string::npos) << unknown.err;
  EXPECT_NE(unknown.err.find("TimeToLiveSpecification"), std::string::npos) << unknown.err;
}

TEST_F(CommandLine, PatternsHaveTheNamesThatListingsShow) {
  const auto shop = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"ddb", "patterns"});
    return stator(arguments);
  };
  EXPECT_EQ(stator({"ddb", "schema-load", "--model", "shop"}).code, 0);
  EXPECT_EQ(stator({"ddb", "seed", "--model", "shop"}).code, 0);
  EXPECT_NE(shop({}).out.find("shop/orders-by-status\n"), std::string::npos);
  EXPECT_EQ(shop({"shop/orders-by-status", "--since", "2026-11-22"}).out,
            shop({"orders-by-status", "--since", "2026-11-22"}).out);
  EXPECT_EQ(shop({"shop/orders-by-status"}).code, 0);
  EXPECT_EQ(shop({"shop/orders-by-statu"}).code, 2);
  EXPECT_NE(stator({"db", "session", "--help"}).out.find("stator db sessions"), std::string::npos);
}

TEST(Help, WrapsToTheTerminal) {
  EXPECT_EQ(wrap_help("  --limit N                     At most so many items, and then some words\n", 60),
            "  --limit N                     At most so many items, and\n"
            "                                then some words\n");
  EXPECT_EQ(wrap_help("One line of text that is too long for it\n\nnext", 40),
            "One line of text that is too long for it\n\nnext");
  EXPECT_EQ(wrap_help("One line of text that is too long for it all\n", 40),
            "One line of text that is too long for it\nall\n");
  EXPECT_EQ(wrap_help("as it is, however long it may be, where nothing is known of a terminal", 0),
            "as it is, however long it may be, where nothing is known of a terminal");
}

TEST_F(CommandLine, HelpsAtEveryLevel) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"serve"},
                                             {"ddb"},
                                             {"ddb", "schema-load"},
                                             {"ddb", "drop"},
                                             {"ddb", "list-tables"},
                                             {"ddb", "seed"},
                                             {"ddb", "scan"},
                                             {"ddb", "patterns"},
                                             {"ddb", "patterns", "check"},
                                             {"ddb", "patterns", "get-conversation"},
                                             {"db"},
                                             {"completion"}}) {
    std::vector<std::string> arguments = words;
    arguments.push_back("--help");
    const Outcome outcome = stator(arguments);
    const std::string line = ::testing::PrintToString(words);
    EXPECT_EQ(outcome.code, 0) << line;
    std::string name = "stator";
    for (const std::string& word : words) name += " " + word;
    EXPECT_NE(outcome.out.find("Usage: " + name + " "), std::string::npos) << outcome.out;
    if (!words.empty()) {
      EXPECT_NE(outcome.out.find("Example"), std::string::npos) << line;
    }
  }
  EXPECT_EQ(run_line({"help", "ddb", "scan"}).out, stator({"ddb", "scan", "--help"}).out);
}

TEST_F(CommandLine, PrintsItsVersion) { EXPECT_EQ(run_line({"--version"}).out, "stator 0.1.0\n"); }

TEST_F(CommandLine, TakesOptionsBeforeAndAfterTheCommand) {
  const std::string data = (directory_.path() / "x").string();
  const std::string models = (kProject / "models").string();
  EXPECT_EQ(run_line({"--data", data, "ddb", "schema-load", "--models", models}).code, 0);
  EXPECT_EQ(run_line({"ddb", "--output=json", "list-tables", "--data=" + data}).out,
            "{\n  \"TableNames\": [\n    \"cruddur-messages\"\n  ]\n}\n");
}

struct CompletionRow {
  std::vector<std::string> words;  // the last one is at the cursor
  std::vector<std::string> wanted;
};

/// Tests the completions themselves; completion_test.py runs the shells' scripts, which only pass them on.
TEST_F(CommandLine, CompletesWhatMayStandAtTheCursor) {
  ASSERT_EQ(stator({"ddb", "schema-load", "--model", "shop"}).code, 0);
  ASSERT_EQ(stator({"ddb", "schema-load", "--model", "cruddur-messages"}).code, 0);
  const std::string data = path("data");
  const auto complete = [&](std::vector<std::string> words) {
    const std::vector<std::string> where = {"__complete", "--data", data, "--models", (kProject / "models").string()};
    words.insert(words.begin(), where.begin(), where.end());
    const Outcome outcome = run_line(words);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
    std::vector<std::string> found;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) found.push_back(line.substr(0, line.find('\t')));
    return found;
  };
  const CompletionRow rows[] = {
      {{"ta"}, {"tables"}},
      {{"ddb", "s"}, {"schema-load", "seed", "scan", "sql"}},
      {{"ddb", "scan", "--seg"}, {"--segments"}},
      {{"ddb", "scan", "--output", "j"}, {"json", "jsonl"}},
      {{"--output=js"}, {"--output=json", "--output=jsonl"}},
      {{"export", "shop", "--format", ""}, {"jsonl", "ddb-json", "csv", "ion"}},
      {{"ddb", "import-table", "x", "--compression", ""}, {"gzip", "none", "zstd"}},
      {{"get", ""}, {"cruddur-messages", "shop", "prod"}},
      {{"get", "sh"}, {"shop"}},
      {{"get", "shop", "a", ""}, {"prod"}},
      {{"get", "shop", "a", "--ke"}, {"--key"}},
      {{"copy", "shop", "cr"}, {"cruddur-messages", ":files"}},
      {{"query", "shop", "open", "--index", ""}, {"orders-by-status", "products-by-price"}},
      {{"query", "shop", "--index=p"}, {"--index=products-by-price"}},
      {{"scan", "--index", ""}, {}},
      {{"scan", "missing", "--index", ""}, {}},
      {{"import", "shop", "x"}, {":files"}},
      {{"ddb", "schema-load", "--model", ""}, {"cruddur-messages", "shop"}},
      {{"ddb", "patterns", "orders-"}, {"orders-by-status", "orders-of-customer"}},
      {{"ddb", "patterns", "list-conversations", "--handle", "b"}, {"bayko"}},
      {{"put", "shop", "{}", "--yes", "s"}, {"shop"}},
      {{"completion", ""}, {"bash", "zsh", "fish"}},
      {{"serve", "--tls-cert", ""}, {":files"}},
      {{"get", "--no-such-option", ""}, {"cruddur-messages", "shop", "prod"}},
      {{"nonsense", "x"}, {}},
  };
  for (const CompletionRow& row : rows) {
    EXPECT_EQ(complete(row.words), row.wanted) << ::testing::PrintToString(row.words);
  }
  const std::vector<std::string> all = complete({""});
  for (const char* command : {"serve", "get", "ddb", "db", "completion"})
    EXPECT_EQ(std::ranges::count(all, command), 1);
  const std::vector<std::string> flags = complete({"ddb", "scan", "-"});
  for (const char* flag : {"--endpoint-url", "--filter", "--help"}) EXPECT_EQ(std::ranges::count(flags, flag), 1);
}

TEST_F(CommandLine, CompletesNothingWhereNothingCanBeAsked) {
  const Outcome outcome = run_line({"__complete", "get", "--endpoint-url", "http://127.0.0.1:1", "s"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(CommandLine, DocsNameEveryCommandAndOptionOfItemsAndTables) {
  std::ifstream in(kProject / "docs" / "cli.md", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  const std::string root = stator({"--help"}).out;
  for (const char* command : {"get", "put", "update", "delete", "edit", "query", "scan", "count", "tables", "describe",
                              "export", "import", "copy", "diff", "check", "repair", "man"}) {
    EXPECT_NE(root.find("\n  " + std::string(command) + " "), std::string::npos) << command;
    EXPECT_TRUE(page.find("`" + std::string(command)) != std::string::npos ||
                page.find("stator " + std::string(command)) != std::string::npos)
        << command;
    // The page must name every option of these commands.
    std::istringstream help(stator({command, "--help"}).out);
    for (std::string line; std::getline(help, line);) {
      const std::size_t start = line.find("--");
      if (!line.starts_with("  -") || start == std::string::npos) continue;
      const std::string option = line.substr(start, line.find_first_of(" ,=", start) - start);
      if (option != "--help") {
        EXPECT_NE(page.find(option), std::string::npos) << command << " " << option;
      }
    }
  }
}

TEST_F(CommandLine, TheManualPageIsWhatTheCommandsSay) {
  std::ifstream in(kProject / "docs" / "stator.1", std::ios::binary);
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(run_line({"man"}).out, page) << "write it anew: stator man > docs/stator.1";
}

TEST(ProgramName, InBinStandsForACommand) {
  using Words = std::vector<std::string>;
  const std::pair<const char*, Words> rows[] = {
      {"stator", {}},
      {"/usr/bin/stator", {}},
      {"/project/bin/ddb/scan", {"ddb", "scan"}},
      {"./bin/ddb/patterns/get-conversation", {"ddb", "patterns", "get-conversation"}},
      {"bin/db/setup", {"db", "setup"}},
      {"rds/wait", {"rds", "wait"}},
      {"/home/db/a/b/c/stator", {}},
      {"db", {}},
  };
  for (const auto& [name, words] : rows) EXPECT_EQ(command_of_program_name(name), words) << name;
}

TEST(Table, IsDrawnAsTheAwsCliDrawsIt) {
  std::ostringstream out;
  draw({"ListTables", {}, {{"a"}, {"bcd"}, {"cruddur-messages-very-long-name-indeed-yes"}, {"été"}}}, out);
  EXPECT_EQ(out.str(),
            "------------------------------------------------\n"
            "|                  ListTables                  |\n"
            "+----------------------------------------------+\n"
            "|  a                                           |\n"
            "|  bcd                                         |\n"
            "|  cruddur-messages-very-long-name-indeed-yes  |\n"
            "|  été                                         |\n"
            "+----------------------------------------------+\n");
  out.str("");
  draw({"a wide title", {"x"}, {{"1", "2"}}}, out);
  EXPECT_EQ(out.str(),
            "------------------\n|  a wide title  |\n+-----+----------+\n|  x  |          |\n+-----+----------+\n"
            "|  1  |  2       |\n+-----+----------+\n");
}

}  // namespace
}  // namespace stator::cli
