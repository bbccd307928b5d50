#include "model/model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

namespace stator::model {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTable = R"({
  "TableName": "orders",
  "AttributeDefinitions": [{"AttributeName": "customer", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}],
  "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
  "BillingMode": "PAY_PER_REQUEST"
})";

void write(const fs::path& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

/// A models directory with one model "shop", whose files a test chooses.
class Models : public ::testing::Test {
 protected:
  void write_file(const std::string& name, std::string_view text) { write(directory_.path() / "shop" / name, text); }
  /// The error message, without the path of the directory.
  std::string mistake() {
    try {
      load_model(directory_.path() / "shop");
    } catch (const ModelError& error) {
      std::string text = error.what();
      const std::string prefix = (directory_.path() / "shop").string() + "/";
      if (text.starts_with(prefix)) text.erase(0, prefix.size());
      return text;
    }
    return "no mistake";
  }
  TemporaryDirectory directory_;
};

TEST_F(Models, LoadTableKeysPatternsUsersAndItems) {
  write_file("table.json", kTable);
  write_file("patterns/of-customer.json", R"({
    "description": "Orders of a customer", "operation": "Query",
    "parameters": {"customer": {"type": "string", "description": "Who"}},
    "request": {"KeyConditionExpression": "customer = :c", "ExpressionAttributeValues": {":c": {"S": "C#${customer}"}}},
    "example": {"customer": "ann"}, "budget": 0.5})");
  write_file("seeds/items.json", R"([{"customer": {"S": "C#ann"}, "at": {"N": "1"}}])");
  const Model model = load_model(directory_.path() / "shop");
  EXPECT_EQ(model.name, "shop");
  EXPECT_EQ(model.table_name, "orders");
  EXPECT_EQ(model.partition_key, "customer");
  EXPECT_EQ(model.sort_key, "at");
  ASSERT_EQ(model.patterns.size(), 1U);
  EXPECT_EQ(model.patterns[0].name, "of-customer");
  ASSERT_EQ(model.items.size(), 1U);
  EXPECT_EQ(model.items[0], R"({"customer":{"S":"C#ann"},"at":{"N":"1"}})");
}

TEST_F(Models, AreFoundByTheirTable) {
  write_file("table.json", kTable);
  write(directory_.path() / "notes" / "readme.txt", "no model");
  EXPECT_EQ(list_models(directory_.path()), std::vector<std::string>{"shop"});
  EXPECT_TRUE(list_models(directory_.path() / "absent").empty());
}

struct MistakeCase {
  const char* what;
  const char* file;
  std::string text;
  const char* message;
};

class ModelMistakes : public Models, public ::testing::WithParamInterface<MistakeCase> {};

TEST_P(ModelMistakes, NameFilePlaceAndExpectation) {
  write_file("table.json", kTable);
  write_file("seeds/users.json",
             R"([{"uuid":"8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a11","handle":"ann","display_name":"Ann"},
                 {"uuid":"8d1c9f1e-6b5a-4b0e-9a3f-0c7d5e2b4a12","handle":"ben","display_name":"Ben"}])");
  write_file(GetParam().file, GetParam().text);
  EXPECT_EQ(mistake(), GetParam().message);
}

std::string pattern_with(const std::string& rest, const std::string& budget = "1") {
  return "{\"description\": \"d\", \"operation\": \"Query\", \"budget\": " + budget + ",\n" + rest + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ModelMistakes,
    ::testing::Values(
        MistakeCase{"not JSON", "table.json", "{\n  \"TableName\" \"x\"\n}",
                    "table.json:2:15: not JSON: Missing a colon after a name of object member."},
        MistakeCase{"empty", "table.json", "", "table.json:1:1: not JSON: The document is empty."},
        MistakeCase{"no name", "table.json", "{}", "table.json:1:1: expected a member \"TableName\" (a string)"},
        MistakeCase{"wrong kind", "table.json", "{\"TableName\": 5}",
                    "table.json:1:15: expected a string for TableName, found 5"},
        MistakeCase{"a member of a list", "table.json", R"({"TableName": "t", "KeySchema": ["a"]})",
                    "table.json:1:34: expected an object, found \"a\""},
        MistakeCase{"control characters", "table.json", R"({"TableName\n\u0000": "t"})",
                    R"(table.json:1:2: unknown member "TableName\n\u0000"; did you mean "TableName"?)"},
        MistakeCase{"bad type", "table.json",
                    "{\"TableName\": \"t\",\n \"AttributeDefinitions\": [{\"AttributeName\": \"a\", \"AttributeType\": "
                    "\"X\"}]}",
                    "table.json:2:67: expected S, N or B, found \"X\""},
        MistakeCase{
            "undefined key", "table.json",
            R"({"TableName": "t", "AttributeDefinitions": [], "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]})",
            "table.json:1:80: expected an attribute of AttributeDefinitions, found \"a\""},
        MistakeCase{"twice", "patterns/p.json", "{\"description\": \"a\",\n \"description\": \"b\"}",
                    "patterns/p.json:2:2: member \"description\" appears twice"},
        MistakeCase{"typo", "patterns/p.json", pattern_with(R"("requst": {})"),
                    "patterns/p.json:2:1: unknown member \"requst\"; did you mean \"request\"?"},
        MistakeCase{"typo in a request", "patterns/p.json",
                    pattern_with("\"request\": {\n  \"KeyConditionExpresion\": \"a = :a\"}"),
                    "patterns/p.json:3:3: unknown member \"KeyConditionExpresion\"; did you mean "
                    "\"KeyConditionExpression\"?"},
        MistakeCase{"typo in a value", "patterns/p.json",
                    pattern_with(R"("request": {"ExpressionAttributeValues": {":a": {"M": {"b": {"s": "x"}}}}})"),
                    "patterns/p.json:2:62: unknown member \"s\"; did you mean \"S\"?"},
        MistakeCase{"typo in a variant", "patterns/p.json",
                    pattern_with(
                        R"("parameters": {"a": {"type": "string", "description": "", "default": "x"}}, "request": {}, )"
                        R"("variants": [{"when": ["a"], "request": {"Limt": 1}}])"),
                    "patterns/p.json:2:133: unknown member \"Limt\"; did you mean \"Limit\"?"},
        MistakeCase{"operation", "patterns/p.json",
                    R"({"description": "d", "operation": "Select", "request": {}, "budget": 1})",
                    "patterns/p.json:1:35: expected one of Query, GetItem, BatchGetItem, Scan, PutItem, UpdateItem, "
                    "DeleteItem, TransactGetItems, found \"Select\""},
        MistakeCase{"parameter type", "patterns/p.json",
                    pattern_with(R"("parameters": {"a": {"type": "strin", "description": ""}}, "request": {})"),
                    "patterns/p.json:2:30: expected one of string, integer, number, boolean, uuid, time, handle, found "
                    "\"strin\""},
        MistakeCase{
            "default", "patterns/p.json",
            pattern_with(R"("parameters": {"a": {"type": "integer", "description": "", "minimum": 1, "maximum": 9, )"
                         R"("default": 10}}, "request": {})"),
            "patterns/p.json:2:99: --a: expected an integer from 1 to 9, found \"10\""},
        MistakeCase{"hole", "patterns/p.json", pattern_with(R"("request": {"Limit": "${limt}"})"),
                    "patterns/p.json:2:22: expected the name of a parameter in ${limt}"},
        MistakeCase{"open hole", "patterns/p.json", pattern_with(R"("request": {"Limit": "${limit"})"),
                    "patterns/p.json:2:22: expected a } after ${"},
        MistakeCase{"reserved", "patterns/p.json",
                    pattern_with(R"("parameters": {"next": {"type": "string", "description": ""}}, "request": {})"),
                    "patterns/p.json:2:16: --next is reserved"},
        MistakeCase{
            "cache of writes", "patterns/p.json",
            R"({"description": "d", "operation": "PutItem", "request": {"Item": {}}, "budget": 1, "cache": {"ttl_s": 1}})",
            "patterns/p.json:1:93: a cache does not keep a PutItem"},
        MistakeCase{"cache of consistent reads", "patterns/p.json",
                    pattern_with(R"("request": {"ConsistentRead": true}, "cache": {"ttl_s": 1})"),
                    "patterns/p.json:2:47: a strongly consistent read is not answered from a cache"},
        MistakeCase{"cache for no time", "patterns/p.json", pattern_with(R"("request": {}, "cache": {"ttl_s": 0})"),
                    "patterns/p.json:2:35: expected an integer from 1 to 2592000 for ttl_s, found 0"},
        MistakeCase{"budget", "patterns/p.json", pattern_with("\"request\": {}", "0"),
                    "patterns/p.json:1:54: expected capacity units above 0 for budget, found 0"},
        MistakeCase{
            "example", "patterns/p.json",
            pattern_with(
                R"("parameters": {"a": {"type": "string", "description": ""}}, "request": {"IndexName": "${a}"})"),
            "patterns/p.json:1:1: the example does not fit: --a is needed"},
        MistakeCase{
            "time format", "patterns/p.json",
            pattern_with(R"("request": {}, "print": {"lines": {"columns": [{"attribute": "a", "time": "%Q"}]}})"),
            "patterns/p.json:2:75: expected a time format of %Y %m %d %H %I %M %S %f %p %a %A %b %B %j %y %z %Z "
            "%%, found \"%Q\""},
        MistakeCase{"user", "seeds/users.json", R"([{"uuid": "1", "handle": "a", "display_name": "A"}])",
                    "seeds/users.json:1:11: expected a UUID, found \"1\""},
        MistakeCase{"item without key", "seeds/items.json", R"([{"customer": {"S": "a"}}])",
                    "seeds/items.json:1:2: expected the key attribute \"at\""},
        MistakeCase{"item value", "seeds/items.json", R"([{"customer": {"X": "a"}, "at": {"N": "1"}}])",
                    "seeds/items.json:1:16: expected an attribute type (S, N, B, SS, NS, BS, M, L, BOOL, NULL), found "
                    "\"X\""},
        MistakeCase{"transcript", "seeds/conversation.json", R"({"message_group_uuid": "g", "transcript": "none.txt"})",
                    "seeds/conversation.json:1:43: expected a file in seeds/, found \"none.txt\""}),
    [](const auto& row) {
      std::string name = row.param.what;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

TEST(ModelDocument, RefusesDeepNestingAndBadUtf8) {
  EXPECT_THROW(Document::parse("f", std::string(100'000, '[')), ModelError);
  EXPECT_THROW(Document::parse("f", "\"\xff\""), ModelError);
  EXPECT_THROW(Document::parse("f", std::string_view("1\0", 2)), ModelError);
  EXPECT_THROW(Document::parse("f", "1 2"), ModelError);
}

TEST(ModelDocument, KeepsNumbersAndOrderAsWritten) {
  EXPECT_EQ(to_json(Document::parse("f", R"({"b": 1.50, "a": [true, null, "é\n"]})").root()),
            R"({"b":1.50,"a":[true,null,"é\n"]})");
}

TEST(ModelDirectory, IsTheGivenOneThenHereThenBesideTheProgram) {
  const TemporaryDirectory directory;
  write(directory.path() / "models" / "shop" / "table.json", kTable);
  EXPECT_EQ(find_models_directory("given", directory.path(), "/nowhere"), "given");
  EXPECT_EQ(find_models_directory("", "/nowhere", directory.path() / "build" / "release" / "bin"),
            directory.path() / "models");
  EXPECT_EQ(find_models_directory("", directory.path(), "/nowhere"), directory.path() / "models");
  EXPECT_EQ(find_models_directory("", "/nowhere", "/nowhere"), "built-in:/models");
  EXPECT_EQ(find_models_directory("", "/nowhere", ""), "built-in:/models");
  write(directory.path() / "usr" / "share" / "stator" / "models" / "shop" / "table.json", kTable);
  EXPECT_EQ(find_models_directory("", "/nowhere", directory.path() / "usr" / "bin"),
            directory.path() / "usr" / "share" / "stator" / "models");
}

TEST(CruddurMessages, HoldsWhatItsCommandsNeed) {
  const Model model = load_model(fs::path(STATOR_SOURCE_DIR) / "models" / "cruddur-messages");
  EXPECT_EQ(model.table_name, "cruddur-messages");
  ASSERT_EQ(model.patterns.size(), 3U);
  EXPECT_EQ(model.patterns[0].name, "conversation-entries");
  EXPECT_EQ(model.patterns[1].name, "get-conversation");
  EXPECT_EQ(model.patterns[2].name, "list-conversations");
  ASSERT_TRUE(model.conversation);
  EXPECT_EQ(model.conversation->message_group_uuid, "5ae290ed-55d1-47a0-bc6d-fe2bc2700399");
  ASSERT_NE(model.find_user("andrewbrown"), nullptr);
  EXPECT_EQ(model.find_user("nobody"), nullptr);
}

}  // namespace
}  // namespace stator::model
