#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/command_line.h"
#include "support/recording_server.h"

/// No command writes to production or to another machine without confirmation.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;
using stator::testing::http_reply;
using stator::testing::RecordingServer;

const fs::path kProject = STATOR_SOURCE_DIR;
constexpr const char* kAws = "https://dynamodb.eu-west-3.amazonaws.com";

class GuardedCommands : public CommandTest {
 protected:
  GuardedCommands() {
    setenv("AWS_ACCESS_KEY_ID", "K", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    setenv("AWS_REGION", "eu-west-3", 1);
    const fs::path model = models_ / "things";
    fs::create_directories(model / "patterns");
    fs::create_directories(model / "seeds");
    std::ofstream(model / "table.json")
        << R"({"TableName":"things","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
        << R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";
    std::ofstream(model / "seeds" / "items.json") << R"([{"pk":{"S":"a"}}])";
    std::ofstream(model / "patterns" / "change.json")
        << R"({"description":"d","operation":"UpdateItem","budget":9,"request":{"Key":{"pk":{"S":"a"}}}})";
    std::ofstream(model / "patterns" / "forget.json")
        << R"({"description":"d","operation":"DeleteItem","budget":9,"request":{"Key":{"pk":{"S":"a"}}}})";
  }
  Outcome stator(std::vector<std::string> arguments, const std::string& input = "", bool terminal = false) {
    arguments.insert(arguments.begin(), {"--data", data_.string(), "--models", models_.string()});
    return run_line(arguments, input, terminal);
  }
  fs::path models_ = directory_.path() / "models";
  fs::path data_ = directory_.path() / "data";
};

const std::vector<std::vector<std::string>> kWriting = {{"ddb", "schema-load"},
                                                        {"ddb", "drop", "things"},
                                                        {"ddb", "seed"},
                                                        {"ddb", "sql", "INSERT INTO things VALUE {'pk': 'z'}"},
                                                        {"ddb", "patterns", "change"},
                                                        {"ddb", "patterns", "forget"}};

/// The other commands that write to a table.
const std::vector<std::vector<std::string>> kWritingToo = {
    {"create", "things", "pk"},
    {"api", "delete-table", R"({"TableName": "things"})"},
    {"put", "things", R"({"pk": "z"})"},
    {"update", "things", "a", "--set", "n=1"},
    {"delete", "things", "a"},
    {"edit", "things", "a"},
    {"import", "things"},
    {"ddb", "backup", "things"},
    {"ddb", "restore", "earlier", "things"},
    {"ddb", "restore", "earlier", "things", "--latest"},
    {"ddb", "recovery", "things", "--days", "1"},
    {"ddb", "recovery", "things", "--off"},
    {"ddb", "import-table", "things", "--bucket", "b", "--key", "pk"},
    {"ddb", "schema-load", "--if-not-exists"}};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_F(GuardedCommands, AskWhereverTheAddressIsProductions) {
  // Nothing listens there: a command that did not ask for confirmation would report that.
  const std::vector<std::string> addresses[] = {
      {"prod", "--endpoint-url", "http://127.0.0.1:1"}, {"--endpoint-url", kAws}, {"--endpoint-url", kAws, "prod"}};
  for (const auto& address : addresses) {
    for (const auto& words : kWriting) {
      const Outcome outcome = stator(with(words, address));
      EXPECT_EQ(outcome.code, 1) << ::testing::PrintToString(words);
      EXPECT_NE(outcome.err.find(" in production: confirm it with --yes things\n"), std::string::npos) << outcome.err;
      const Outcome wrong = stator(with(with(words, address), {"--yes", "other"}));
      EXPECT_EQ(wrong.err, "stator: nothing was done: --yes other is not the table's name, which is \"things\"\n");
      const Outcome typed = stator(with(words, address), "yes\n", true);
      EXPECT_NE(typed.err.find("Type the table's name (things) to go on: stator: nothing was done: \"yes\" is not"),
                std::string::npos)
          << typed.err;
    }
  }
  for (const auto& words : kWritingToo) {
    const Outcome outcome = stator(with(words, {"prod", "--endpoint-url", "http://127.0.0.1:1"}));
    EXPECT_EQ(outcome.code, 1) << ::testing::PrintToString(words);
    EXPECT_NE(outcome.err.find(" in production: confirm it with --yes things\n"), std::string::npos) << outcome.err;
  }
  for (const char* variable : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"}) {
    // --data on the command line would override the variable.
    setenv(variable, kAws, 1);
    const Outcome outcome = run_line({"--models", models_.string(), "ddb", "seed"});
    EXPECT_NE(outcome.err.find("confirm it with --yes things"), std::string::npos) << outcome.err;
    unsetenv(variable);
  }
  // A profile can name the address as well, itself or in its section of services.
  const fs::path config = directory_.path() / "config";
  setenv("AWS_CONFIG_FILE", config.c_str(), 1);
  for (const char* text :
       {"[default]\nendpoint_url = https://dynamodb.eu-west-3.amazonaws.com\n",
        "[default]\nservices = mine\nendpoint_url = http://127.0.0.1:1\n"
        "[services mine]\ndynamodb =\n  endpoint_url = https://dynamodb.eu-west-3.amazonaws.com\n"}) {
    std::ofstream(config) << text;
    const Outcome outcome = run_line({"--models", models_.string(), "ddb", "seed"});
    EXPECT_NE(outcome.err.find("confirm it with --yes things"), std::string::npos) << outcome.err;
  }
  unsetenv("AWS_CONFIG_FILE");
}

TEST_F(GuardedCommands, SendTheRequestWhereTheNameIsGivenOrTyped) {
  const RecordingServer server([](const auto&, auto) {
    return http_reply(200, R"({"Table":{"TableStatus":"ACTIVE"},"TableDescription":{},"UnprocessedItems":{}})");
  });
  for (const auto& words : kWriting) {
    const auto before = server.requests().size();
    const auto line = with(words, {"prod", "--endpoint-url", server.url()});
    EXPECT_EQ(stator(line).code, 1);
    EXPECT_EQ(server.requests().size(), before) << "nothing is sent unasked";
    EXPECT_EQ(stator(with(line, {"--yes", "things"})).code, 0) << ::testing::PrintToString(words);
    EXPECT_GT(server.requests().size(), before);
    EXPECT_EQ(stator(line, "things\n", true).code, 0);
  }
}

TEST_F(GuardedCommands, ReadOnlyRefusesWhateverWrites) {
  ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
  ASSERT_EQ(stator({"ddb", "seed"}).code, 0);
  std::vector<std::vector<std::string>> writing = kWriting;
  writing.insert(writing.end(), kWritingToo.begin(), kWritingToo.end());
  for (const auto& words : writing) {
    const Outcome outcome = stator(with(words, {"--read-only"}));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.err.starts_with("stator: --read-only: ")) << outcome.err;
    EXPECT_TRUE(outcome.err.ends_with(" was refused\n")) << outcome.err;
  }
  EXPECT_EQ(stator({"--read-only", "ddb", "scan", "things"}).out, "{'pk': 'a'}\n");
}

TEST_F(GuardedCommands, DryRunShowsTheRequestsAndSendsNone) {
  const Outcome create = stator({"ddb", "schema-load", "--dry-run"});
  EXPECT_EQ(create.code, 0) << create.err;
  EXPECT_TRUE(create.out.starts_with("CreateTable {\n  \"TableName\": \"things\",\n")) << create.out;
  EXPECT_FALSE(fs::exists(data_));
  ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
  const Outcome seed = stator({"ddb", "seed", "--dry-run"});
  EXPECT_EQ(seed.code, 0) << seed.err;
  EXPECT_TRUE(seed.out.starts_with("BatchWriteItem {\n  \"RequestItems\": {\n    \"things\": [\n")) << seed.out;
  EXPECT_EQ(stator({"ddb", "scan", "things"}).out, "");
  // A dry run asks for no confirmation in production, since it changes nothing.
  const Outcome drop = stator({"ddb", "drop", "things", "--dry-run", "prod", "--endpoint-url", "http://127.0.0.1:1"});
  EXPECT_EQ(drop.out, "DeleteTable {\n  \"TableName\": \"things\"\n}\n");
}

TEST_F(GuardedCommands, ANameThatYesGivesMustBeRightLocallyToo) {
  ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
  EXPECT_EQ(stator({"ddb", "drop", "things", "--yes", "other"}).code, 1);
  // `prod` after --yes is the value of --yes, not the word that selects production.
  EXPECT_EQ(stator({"ddb", "drop", "things", "--yes", "prod"}).code, 1);
  EXPECT_EQ(stator({"ddb", "drop", "things", "--yes", "things"}).code, 0);
}

TEST_F(GuardedCommands, TheWordProdMayStandWhereverAnOptionMay) {
  const std::vector<std::vector<std::string>> lines = {{"prod", "ddb", "drop", "things"},
                                                       {"ddb", "prod", "drop", "things"},
                                                       {"ddb", "drop", "prod", "things"},
                                                       {"ddb", "drop", "things", "prod"},
                                                       {"ddb", "drop", "things", "prod", "--output", "json"}};
  for (const auto& line : lines) {
    const Outcome outcome = stator(with(line, {"--endpoint-url", "http://127.0.0.1:1"}));
    EXPECT_NE(outcome.err.find("deleting table things in production"), std::string::npos)
        << ::testing::PrintToString(line) << outcome.err;
  }
  EXPECT_EQ(stator({"ddb", "scan", "--index", "prod", "things"}).err.find("production"), std::string::npos)
      << "an option's value";
}

TEST_F(GuardedCommands, AKeysValueProdNeverLeadsToProduction) {
  ASSERT_EQ(stator({"ddb", "schema-load"}).code, 0);
  ASSERT_EQ(stator({"put", "things", R"({"pk":"prod"})"}).code, 0);
  setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"get"}, {"delete"}, {"edit"}, {"update", "--set", "a=1"}}) {
    const Outcome lacks = stator(with(words, {"things", "prod"}));
    EXPECT_EQ(lacks.code, 2) << words.front();
    EXPECT_EQ(lacks.err,
              "stator: the key's value is missing; the word means production, and as a value it stands after --\n");
    const Outcome twice = stator(with(words, {"things", "prod", "prod"}));
    EXPECT_EQ(twice.code, 2) << words.front();
    EXPECT_TRUE(twice.err.starts_with("stator: prod is given twice; ")) << twice.err;
  }
  EXPECT_EQ(stator({"query", "things", "prod"}).code, 2);
  EXPECT_EQ(stator({"query", "things", "-q", "--", "prod"}).out, "{\"pk\":\"prod\"}\n");
  EXPECT_EQ(stator({"get", "things", "-q", "--output", "jsonl", "--", "prod"}).out, "{\"pk\":\"prod\"}\n");
  EXPECT_EQ(stator({"delete", "things", "-q", "--", "prod"}).code, 0);
  EXPECT_EQ(stator({"get", "things", "--key", R"({"pk":"prod"})"}).err, "stator: table things has no item prod\n");
  EXPECT_NE(stator({"delete", "things", "prod", "--", "prod"}).err.find("in production"), std::string::npos);
}

TEST_F(GuardedCommands, ReadingCommandsCreateNoDataDirectory) {
  const std::vector<std::vector<std::string>> reading = {
      {"ddb", "list-tables"}, {"ddb", "scan", "things"}, {"ddb", "patterns"}, {"ddb", "patterns", "check"}};
  for (const auto& words : reading) {
    stator(words);
    EXPECT_FALSE(fs::exists(data_)) << ::testing::PrintToString(words);
  }
}

TEST_F(GuardedCommands, DatabasesOnOtherMachinesAreProduction) {
  fs::create_directories(models_ / "things" / "sql");
  std::ofstream(models_ / "things" / "sql" / "schema.sql") << "DROP TABLE IF EXISTS t;";
  std::ofstream(models_ / "things" / "sql" / "seed.sql") << "SELECT 1;";
  // Addresses reserved for documentation (RFC 5737): a command that did not ask for confirmation would wait for a
  // connection.
  for (const char* url :
       {"postgresql://u@198.51.100.1/shop?connect_timeout=2", "host=198.51.100.1 dbname=shop",
        "host=localhost hostaddr=198.51.100.1 dbname=shop", "postgresql://u@localhost,db.example/shop"}) {
    setenv("CONNECTION_URL", url, 1);
    for (const char* command : {"drop", "setup", "schema-load"}) {
      const Outcome outcome = stator({"db", command});
      EXPECT_EQ(outcome.code, 1);
      EXPECT_NE(outcome.err.find(" in production: confirm it with --yes shop"), std::string::npos) << outcome.err;
    }
  }
}

TEST_F(GuardedCommands, SetupReadsItsFilesAndItsModelBeforeItDropsAnything) {
  // Port 1: a command that reached the server would report that it cannot connect.
  setenv("CONNECTION_URL", "postgresql://u@127.0.0.1:1/shop", 1);
  EXPECT_EQ(stator({"db", "setup"}).err, "stator: model things has no sql/ folder\n");
  EXPECT_EQ(stator({"db", "setup", "--model", "none"}).err, "stator: no model none; there are: things\n");
  fs::create_directories(models_ / "things" / "sql");
  std::ofstream(models_ / "things" / "sql" / "schema.sql") << "SELECT 1;";
  const Outcome outcome = stator({"db", "setup"});
  EXPECT_NE(outcome.err.find("seed.sql"), std::string::npos) << outcome.err;
}

TEST_F(GuardedCommands, DatabaseCommandsKnowReadOnlyAndDryRun) {
  fs::create_directories(models_ / "things" / "sql");
  std::ofstream(models_ / "things" / "sql" / "schema.sql") << "SELECT 1;";
  std::ofstream(models_ / "things" / "sql" / "seed.sql") << "SELECT 1;";
  setenv("CONNECTION_URL", "postgresql://u@127.0.0.1:1/shop", 1);
  for (const char* command : {"create", "drop", "setup", "schema-load", "seed", "migrate"}) {
    EXPECT_TRUE(stator({"db", command, "--read-only"}).err.starts_with("stator: --read-only: ")) << command;
    const Outcome dry = stator({"db", command, "--dry-run"});
    EXPECT_EQ(dry.code, 0) << command << dry.err;
    EXPECT_NE(dry.out.find("would be done: "), std::string::npos) << dry.out;
  }
}

}  // namespace
}  // namespace stator::cli
