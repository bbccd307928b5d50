#include "json/writer.h"

#include <gtest/gtest.h>

#include "core/api_error.h"
#include "json/item.h"

namespace stator::json {
namespace {

TEST(AppendValue, WritesTheWireForm) {
  using core::AttributeValue;
  struct Row {
    AttributeValue value;
    const char* json;
  };
  const Row rows[] = {
      {AttributeValue::string("a\"\n"), R"({"S":"a\"\n"})"},
      {AttributeValue::number(core::Number::parse("1.50e3")), R"({"N":"1500"})"},
      {AttributeValue::binary("foo"), R"({"B":"Zm9v"})"},
      {AttributeValue::boolean(false), R"({"BOOL":false})"},
      {AttributeValue::null(), R"({"NULL":true})"},
      {AttributeValue::Storage(AttributeValue::StringSet{{"a", "b"}}), R"({"SS":["a","b"]})"},
      {AttributeValue::Storage(AttributeValue::NumberSet{{core::Number(1), core::Number(-2)}}), R"({"NS":["1","-2"]})"},
      {AttributeValue::Storage(AttributeValue::BinarySet{{"f", "fo"}}), R"({"BS":["Zg==","Zm8="]})"},
      {AttributeValue::Storage(AttributeValue::List{}), R"({"L":[]})"},
      {AttributeValue::Storage(AttributeValue::Map{}), R"({"M":{}})"},
      {AttributeValue::Storage(AttributeValue::Map{
           {"x\"y", AttributeValue::Storage(AttributeValue::List{AttributeValue::null(), AttributeValue::string("")})},
           {"z", AttributeValue::boolean(true)}}),
       R"({"M":{"x\"y":{"L":[{"NULL":true},{"S":""}]},"z":{"BOOL":true}}})"},
  };
  for (const Row& row : rows) {
    std::string out;
    append_value(row.value, out);
    EXPECT_EQ(out, row.json);
    EXPECT_EQ(parse_stored(out), row.value);
  }
}

TEST(Pretty, SortedIsWhatPythonPrints) {
  struct Row {
    const char *json, *printed;
  };
  // The right side is the output of json.dumps(json.loads(left), sort_keys=True, indent=2).
  const Row rows[] = {
      {R"({})", "{}"},
      {R"([ ])", "[]"},
      {R"("a")", R"("a")"},
      {R"({"b":1,"a":[1,2.5,{"x":null}],"c":{},"d":[]})",
       "{\n  \"a\": [\n    1,\n    2.5,\n    {\n      \"x\": null\n    }\n  ],\n  \"b\": 1,\n  \"c\": {},\n  \"d\": "
       "[]\n}"},
      {R"({"t":true,"f":false})", "{\n  \"f\": false,\n  \"t\": true\n}"},
      {R"({"é":"grüße 🎉 \u007f\u0001\"\\/"})",
       "{\n  \"\\u00e9\": \"gr\\u00fc\\u00dfe \\ud83c\\udf89 \\u007f\\u0001\\\"\\\\/\"\n}"},
      {R"({"Z":1,"a":2,"é":3,"":0,"ab":4})",
       "{\n  \"\": 0,\n  \"Z\": 1,\n  \"a\": 2,\n  \"ab\": 4,\n  \"\\u00e9\": 3\n}"},
      {R"({"a":1,"b":2,"a":3})", "{\n  \"a\": 3,\n  \"b\": 2\n}"},
      {R"(["\b\f\n\r\t"])", "[\n  \"\\b\\f\\n\\r\\t\"\n]"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(pretty(row.json, true), row.printed);
  }
}

TEST(Pretty, UnsortedKeepsOrderAndText) {
  EXPECT_EQ(pretty(R"({"b":1,"a":"é"})", false), "{\n  \"b\": 1,\n  \"a\": \"é\"\n}");
}

TEST(Pretty, KeepsNumbersAsTheyAreWritten) {
  EXPECT_EQ(pretty("[1.0,1e5,-0.5,123456789012345678901234567890,0.1]", true),
            "[\n  1.0,\n  1e5,\n  -0.5,\n  123456789012345678901234567890,\n  0.1\n]");
}

TEST(Pretty, RefusesWhatIsNoJson) {
  for (const std::string& text : {std::string(), std::string("{"), std::string("[1,]"), std::string("{} x"),
                                  std::string("\"\xFF\""), std::string("1\0", 2), std::string(1 << 20, '[')}) {
    EXPECT_THROW(pretty(text, true), core::ApiError) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace stator::json
