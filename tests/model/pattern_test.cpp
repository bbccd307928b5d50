#include "model/pattern.h"

#include <gtest/gtest.h>

namespace stator::model {
namespace {

constexpr std::string_view kPattern = R"({
  "description": "d", "operation": "Query",
  "parameters": {
    "group": {"type": "uuid", "description": "", "default": "5AE290ED-55d1-47a0-bc6d-fe2bc2700399"},
    "year": {"type": "string", "description": "", "default": "2023", "minimum": 4},
    "from": {"type": "time", "description": "", "excludes": ["year"]},
    "to": {"type": "time", "description": "", "complete": "last", "excludes": ["year"]},
    "limit": {"type": "integer", "description": "", "default": 20, "minimum": 1, "maximum": 100},
    "consistent": {"type": "boolean", "description": "", "default": false},
    "colour": {"type": "string", "description": "", "default": "red", "one_of": ["red", "blue"]},
    "user": {"type": "handle", "description": "", "default": "ann"}
  },
  "request": {
    "Limit": "${limit}", "ConsistentRead": "${consistent}", "FilterExpression": "${user.uuid}/${user.display_name}/${user}",
    "KeyConditionExpression": "year",
    "ExpressionAttributeValues": {":pk": {"S": "G#${group}"}, ":n": {"N": "${limit}"}, ":y": {"S": "${year}"}}
  },
  "variants": [
    {"when": ["from", "to"], "request": {"KeyConditionExpression": "both",
      "ExpressionAttributeValues": {":y": null, ":f": {"S": "${from}"}, ":t": {"S": "${to}"}}}},
    {"when": ["from"], "request": {"KeyConditionExpression": "from",
      "ExpressionAttributeValues": {":y": null, ":f": {"S": "${from}"}}}}
  ],
  "budget": 1,
  "print": {"heading": "I am ${user.uuid}, $${user}"}
})";

Pattern pattern() { return read_pattern(Document::parse("p.json", kPattern), "p", "m", "t"); }

User find(std::string_view handle) { return {"uuid-of-" + std::string(handle), std::string(handle), "Ann \"A\"", ""}; }

TEST(Pattern, FillsItsRequestFromDefaultsAndWhatIsGiven) {
  const std::string head =
      R"({"TableName":"t","Limit":20,"ConsistentRead":false,"FilterExpression":"uuid-of-ann/Ann \"A\"/ann",)";
  const std::string group = R"(":pk":{"S":"G#5ae290ed-55d1-47a0-bc6d-fe2bc2700399"},":n":{"N":"20"})";
  const std::string tail = R"(},"ReturnConsumedCapacity":"TOTAL"})";
  const std::pair<ParameterValues, std::string> rows[] = {
      {{}, R"("KeyConditionExpression":"year","ExpressionAttributeValues":{)" + group + R"(,":y":{"S":"2023"})"},
      {{{"year", "2024-01"}},
       R"("KeyConditionExpression":"year","ExpressionAttributeValues":{)" + group + R"(,":y":{"S":"2024-01"})"},
      {{{"from", "2023-03-01"}},
       R"("KeyConditionExpression":"from","ExpressionAttributeValues":{)" + group +
           R"(,":f":{"S":"2023-03-01T00:00:00.000000+00:00"})"},
      {{{"from", "2023-03-01"}, {"to", "2023-03-26"}},
       R"("KeyConditionExpression":"both","ExpressionAttributeValues":{)" + group +
           R"(,":f":{"S":"2023-03-01T00:00:00.000000+00:00"},":t":{"S":"2023-03-26T23:59:59.999999+00:00"})"},
  };
  for (const auto& [given, expected] : rows)
    EXPECT_EQ(bind_request(pattern(), given, find).json, head + expected + tail);
}

TEST(Pattern, GoesOnFromAStartKeyAndFillsItsHeading) {
  const BoundRequest bound = bind_request(pattern(), {{"user", "bob"}}, find, R"({"pk":{"S":"a"}})");
  EXPECT_TRUE(bound.json.ends_with(R"(,"ExclusiveStartKey":{"pk":{"S":"a"}}})")) << bound.json;
  EXPECT_EQ(bound.heading, "I am uuid-of-bob, ${user}");
}

TEST(Pattern, AValueCannotBreakOutOfItsPlace) {
  const BoundRequest bound = bind_request(pattern(), {{"year", "2023\"},\"x\":{\"S\":\"${limit}"}}, find);
  EXPECT_NE(bound.json.find(R"("2023\"},\"x\":{\"S\":\"${limit}")"), std::string::npos) << bound.json;
}

TEST(Pattern, RefusesWrongParameters) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"group", "5ae290ed",
       "--group: expected a UUID such as 5ae290ed-55d1-47a0-bc6d-fe2bc2700399, found \"5ae290ed\""},
      {"year", "23", "--year: expected 4 to 2048 characters, found \"23\""},
      {"year", "2023\xff", "--year: expected UTF-8 text, found \"bytes that are none\""},
      {"from", "yesterday",
       "--from: expected a time such as 2023-03-20 or 2023-03-20T10:00:00+00:00, found \"yesterday\""},
      {"limit", "0", "--limit: expected an integer from 1 to 100, found \"0\""},
      {"limit", "5x", "--limit: expected an integer from 1 to 100, found \"5x\""},
      {"limit", "99999999999999999999", "--limit: expected an integer from 1 to 100, found \"99999999999999999999\""},
      {"consistent", "yes", "--consistent: expected true or false, found \"yes\""},
      {"colour", "green", "--colour: expected one of red, blue, found \"green\""},
      {"user", "", "--user: expected a user's handle, found \"\""},
      {"size", "1", "--size: this pattern has no such parameter"},
      {"colour", "blue", "--colour has no effect here"},
      {"to", "2023-01-01", "--to has no effect here; it goes with --from"},
  };
  for (const auto& [name, value, message] : rows) {
    try {
      bind_request(pattern(), {{name, value}}, find);
      ADD_FAILURE() << name << " took " << value;
    } catch (const ParameterError& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
  try {
    bind_request(pattern(), {{"from", "2023-01-01"}, {"year", "2023"}}, find);
    ADD_FAILURE();
  } catch (const ParameterError& error) {
    EXPECT_STREQ(error.what(), "--from cannot go with --year");
  }
}

}  // namespace
}  // namespace stator::model
