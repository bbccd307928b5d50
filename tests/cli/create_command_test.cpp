#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/command_line.h"

/// stator create, stator api.
namespace stator::cli {
namespace {

class CreateCommand : public CommandTest {
 protected:
  Outcome stator(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--data", path("data")});
    return run_line(arguments, input);
  }
  std::string describe(const std::string& table) {
    std::string text = stator({"describe", table}).out;
    return text.substr(0, text.find("arn ")) +
           text.substr(std::min(text.size(), text.find('\n', text.find("arn ")) + 1));
  }
};

TEST_F(CreateCommand, MakesTablesOfWords) {
  const Outcome shop = stator({"create", "shop", "pk", "sk"});
  EXPECT_EQ(shop.code, 0) << shop.err;
  EXPECT_EQ(shop.out, "");
  EXPECT_EQ(shop.err, "created table shop (" + path("data") + ")\n");
  EXPECT_EQ(describe("shop"),
            "table         shop\nkey           pk S, sk S (sort)\nitems         0, 0 bytes\ncapacity      on demand\n");
  const Outcome orders = stator({"create", "orders", "customer", "id:N", "--index", "by-status=status,placed_at",
                                 "--index", "by-id=id", "--local-index", "by-worth=worth:N", "--capacity", "7,8",
                                 "--stream", "NEW_IMAGE", "--ttl", "expires", "-q"});
  EXPECT_EQ(orders.code, 0);
  EXPECT_EQ(orders.err, "");
  EXPECT_EQ(describe("orders"),
            "table         orders\nkey           customer S, id N (sort)\nitems         0, 0 bytes\n"
            "capacity      provisioned, 7 read and 8 write units\nstream        NEW_IMAGE\n"
            "time to live  expires\n"
            "index         by-id: id N; all attributes\n"
            "index         by-status: status S, placed_at S (sort); all attributes\n"
            "index         by-worth: customer S, worth N (sort); all attributes; local\n");
  // Also in the notation of other tools, and with a colon in an attribute's name.
  EXPECT_EQ(stator({"create", "notes", "id,N", "dc:title:S", "-q"}).code, 0);
  EXPECT_NE(describe("notes").find("id N, dc:title S (sort)\n"), std::string::npos) << describe("notes");
  const Outcome json = stator({"create", "log", "day:B", "--output", "json"});
  EXPECT_NE(json.out.find("\"TableStatus\": \"ACTIVE\""), std::string::npos) << json.out;
}

TEST_F(CreateCommand, ATableThatExistsIsAFaultUnlessToldOtherwise) {
  ASSERT_EQ(stator({"create", "shop", "pk"}).code, 0);
  const Outcome again = stator({"create", "shop", "pk"});
  EXPECT_EQ(again.code, 1);
  EXPECT_TRUE(again.err.starts_with("table shop already exists (")) << again.err;
  const Outcome same = stator({"create", "shop", "pk", "--if-not-exists"});
  EXPECT_EQ(same.code, 0);
  EXPECT_EQ(std::ranges::count(same.err, '\n'), 1) << same.err;
  const Outcome other = stator({"create", "shop", "id:N", "--index", "by-x=x", "--if-not-exists"});
  EXPECT_EQ(other.code, 0);
  EXPECT_NE(other.err.find("! the key is pk S, not id N\n"), std::string::npos) << other.err;
  EXPECT_NE(other.err.find("+ index by-x"), std::string::npos) << other.err;
  // A dry run prints the same.
  const Outcome dry = stator({"create", "shop", "id:N", "--index", "by-x=x", "--if-not-exists", "--dry-run"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_EQ(dry.out, "");
  EXPECT_EQ(dry.err, other.err);
  EXPECT_EQ(stator({"create", "shop", "pk", "--dry-run"}).code, 1);
  EXPECT_TRUE(stator({"create", "other", "pk", "--dry-run"}).out.starts_with("CreateTable {"));
}

TEST_F(CreateCommand, TellsMistakesInOneLine) {
  const struct {
    std::vector<std::string> arguments;
    int code;
    const char* err;
  } rows[] = {
      {{"create", "shop"}, 2, nullptr},
      {{"create", "shop", "a", "b", "c"},
       2,
       "stator: say which keys the table has: the partition key, and the sort key where there is one\n"},
      {{"create", "shop", "pk:X"}, 2, "stator: pk:X is not a key: a name, and after a colon its type, S, N or B\n"},
      {{"create", "shop", "pk,sk"}, 2, "stator: keys are separate arguments, as in pk sk:N; found \"pk,sk\"\n"},
      {{"create", "shop", "pk:N", "--index", "i=pk:S"}, 2, "stator: the attribute pk is said to be N and S\n"},
      {{"create", "shop", "pk", "--index", "i"},
       2,
       "stator: expected --index NAME=KEY[:TYPE][,SORT[:TYPE]], found \"i\"\n"},
      {{"create", "shop", "pk", "--index", "i=a,b,c"}, 2, nullptr},
      {{"create", "shop", "pk", "--local-index", "i=a,b"},
       2,
       "stator: expected --local-index NAME=SORT[:TYPE], found \"i=a,b\"\n"},
      {{"create", "shop", "pk", "--capacity", "5"},
       2,
       "stator: --capacity: expected READ,WRITE as in 5,5, found \"5\"\n"},
      {{"create", "shop", "pk", "--capacity", "5,x"}, 2, nullptr},
      {{"create", "shop", "pk", "--stream", "ALL"}, 2, nullptr},
      {{"create", "shop", "pk", "--output", "csv"}, 2, nullptr},
      // The database itself reports violations of DynamoDB's rules.
      {{"create", "s!", "pk"}, 1, nullptr},
      {{"create", "shop", "pk", "--local-index", "i=a"}, 1, nullptr},
      {{"create", "shop", "pk", "pk"}, 1, nullptr},
  };
  for (const auto& row : rows) {
    const Outcome outcome = stator(row.arguments);
    const std::string line = ::testing::PrintToString(row.arguments);
    EXPECT_EQ(outcome.code, row.code) << line << outcome.err;
    EXPECT_EQ(outcome.out, "") << line;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << line << outcome.err;
    if (row.err != nullptr) {
      EXPECT_EQ(outcome.err, row.err) << line;
    }
  }
  EXPECT_EQ(stator({"tables"}).out, "");
}

TEST_F(CreateCommand, DryRunShowsTheRequestAndReadOnlyRefuses) {
  const Outcome shown = stator({"create", "shop", "pk", "--dry-run"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_TRUE(shown.out.starts_with("CreateTable {\n  \"TableName\": \"shop\",\n")) << shown.out;
  EXPECT_EQ(stator({"create", "shop", "pk", "--read-only"}).err,
            "stator: --read-only: creating table shop was refused\n");
  EXPECT_EQ(stator({"tables"}).out, "");
}

TEST_F(CreateCommand, ApiCallsAnyOperation) {
  const std::string table = R"({"TableName":"tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],)"
                            R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",)"
                            R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}})";
  const std::string file = (directory_.path() / "table.json").string();
  std::ofstream(file) << "\xEF\xBB\xBF" << table;
  EXPECT_EQ(stator({"api", "create-table", "@" + file}).code, 0);
  EXPECT_EQ(stator({"api", "ListTables"}).out, "{\n  \"TableNames\": [\n    \"tab\"\n  ]\n}\n");
  const Outcome put =
      stator({"api", "PutItem", "-", "--output", "jsonl"}, R"({"TableName":"tab","Item":{"pk":{"S":"a"}}})");
  EXPECT_EQ(put.out, "{}\n");
  EXPECT_EQ(put.err, "");
  EXPECT_EQ(stator({"api", "get-item", R"({"TableName":"tab","Key":{"pk":{"S":"a"}}})", "--output", "jsonl"}).out,
            R"({"Item":{"pk":{"S":"a"}}})"
            "\n");
  EXPECT_EQ(stator({"api", "ListStreams"}).code, 0);
  const struct {
    std::vector<std::string> arguments;
    int code;
    const char* err;
  } rows[] = {
      {{"api", "PutItm"}, 2, "stator: DynamoDB has no operation \"PutItm\"; did you mean PutItem?\n"},
      {{"api", "SendMoney"}, 2, "stator: DynamoDB has no operation \"SendMoney\"\n"},
      {{"api", "ListTables", "{"}, 2, "stator: the request: expected a JSON object\n"},
      {{"api", "ListTables", "[]"}, 2, "stator: the request: expected a JSON object\n"},
      {{"api", "ListTables", "@no-such.json"}, 1, "stator: cannot read no-such.json: No such file or directory\n"},
      {{"api", "ListTables", "--output", "csv"}, 2, nullptr},
      {{"api", "DescribeTable", R"({"TableName":"none"})"},
       1,
       "An error occurred (ResourceNotFoundException) when calling the DescribeTable operation: Requested resource not "
       "found: Table: none not found\n"},
      {{"api", "DeleteTable", R"({"TableName":"tab"})", "--read-only"},
       1,
       "stator: --read-only: DeleteTable on tab was refused\n"},
      {{"api", "DeleteTable", R"({"TableName":"tab"})", "--yes", "other"}, 1, nullptr},
  };
  for (const auto& row : rows) {
    const Outcome outcome = stator(row.arguments);
    const std::string line = ::testing::PrintToString(row.arguments);
    EXPECT_EQ(outcome.code, row.code) << line << outcome.err;
    EXPECT_EQ(outcome.out, "") << line;
    if (row.err != nullptr) {
      EXPECT_EQ(outcome.err, row.err) << line;
    }
  }
  EXPECT_TRUE(stator({"api", "DeleteTable", R"({"TableName":"tab"})", "--dry-run"}).out.starts_with("DeleteTable {"));
  EXPECT_EQ(stator({"tables"}).out, "tab\n");
}

TEST_F(CreateCommand, ARegionIsThatOfTheRequest) {
  ASSERT_EQ(stator({"create", "shop", "pk", "--stream", "NEW_AND_OLD_IMAGES", "-q"}).code, 0);
  EXPECT_NE(stator({"describe", "shop", "--region", "eu-west-1"}).out.find("arn:aws:dynamodb:eu-west-1:"),
            std::string::npos);
  EXPECT_NE(stator({"describe", "shop"}).out.find("arn:aws:dynamodb:us-east-1:"), std::string::npos);
  EXPECT_EQ(stator({"describe", "shop", "--region", "Paris!"}).err,
            "stator: --region: \"Paris!\" is not the name of an AWS region (help: stator describe --help)\n");
  EXPECT_EQ(stator({"serve", "--profile", "work"}).err,
            "stator: serve takes no --profile (help: stator serve --help)\n");
}

}  // namespace
}  // namespace stator::cli
