#include "toolkit/plain_json.h"

#include <gtest/gtest.h>

#include <string>

namespace stator::toolkit {
namespace {

std::string plain_of(const std::string& wire) {
  json::Parser parser;
  std::string out;
  append_plain_item(parser.parse(wire).get_object().value(), out);
  return out;
}

std::string fault_of(const std::string& plain) {
  try {
    return "no fault: " + wire_item(plain);
  } catch (const PlainJsonError& error) {
    return error.what();
  }
}

TEST(PlainJson, IsReadBackAsTheSameItem) {
  const struct {
    const char* wire;
    const char* plain;
  } rows[] = {
      {R"({})", R"({})"},
      {R"({"a":{"S":"text \"quoted\" ü\n"}})", R"({"a":"text \"quoted\" ü\n"})"},
      {R"({"a":{"S":""},"b":{"S":"3"},"c":{"S":"null"}})", R"({"a":"","b":"3","c":"null"})"},
      {R"({"a":{"N":"0"},"b":{"N":"-1.5"},"c":{"N":"12345678901234567890123456789012345678"}})",
       R"({"a":0,"b":-1.5,"c":12345678901234567890123456789012345678})"},
      {R"({"a":{"N":"0.1000000000000000055511151231257827"}})", R"({"a":0.1000000000000000055511151231257827})"},
      {R"({"a":{"BOOL":true},"b":{"BOOL":false},"c":{"NULL":true}})", R"({"a":true,"b":false,"c":null})"},
      {R"({"a":{"L":[{"S":"x"},{"N":"1"},{"L":[]}]},"m":{"M":{}}})", R"({"a":["x",1,[]],"m":{}})"},
      {R"({"a":{"B":"AP8="},"b":{"BS":["AA==","AP8="]}})", R"({"a":{"$B":"AP8="},"b":{"$BS":["AA==","AP8="]}})"},
      {R"({"a":{"SS":["x","y"]},"b":{"NS":["1","2.5"]}})", R"({"a":{"$SS":["x","y"]},"b":{"$NS":[1,2.5]}})"},
      // Maps that look like the forms above are marked.
      {R"({"a":{"M":{"$B":{"S":"AP8="}}}})", R"({"a":{"$M":{"$B":"AP8="}}})"},
      {R"({"a":{"M":{"$SS":{"L":[{"S":"x"}]}}}})", R"({"a":{"$M":{"$SS":["x"]}}})"},
      {R"({"a":{"M":{"$M":{"M":{"$M":{"S":"x"}}}}}})", R"({"a":{"$M":{"$M":{"$M":{"$M":"x"}}}}})"},
      // Maps that do not are not: two members, another name, or the item itself.
      {R"({"a":{"M":{"$B":{"S":"x"},"b":{"S":"y"}}}})", R"({"a":{"$B":"x","b":"y"}})"},
      {R"({"a":{"M":{"$b":{"S":"x"}}}})", R"({"a":{"$b":"x"}})"},
      {R"({"$B":{"S":"AP8="}})", R"({"$B":"AP8="})"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(plain_of(row.wire), row.plain);
    EXPECT_EQ(wire_item(row.plain), row.wire);
  }
}

TEST(PlainJson, KeepsNumbersOfServicesThatDoNotNormaliseThem) {
  EXPECT_EQ(plain_of(R"({"a":{"N":"1E2"},"b":{"N":"no number"},"c":{"NS":["1.0","x"]}})"),
            R"({"a":100,"b":{"$N":"no number"},"c":{"$NS":[1,{"$N":"x"}]}})");
  EXPECT_EQ(wire_item(R"({"b":{"$N":"no number"},"c":{"$NS":[1,{"$N":"x"}]}})"),
            R"({"b":{"N":"no number"},"c":{"NS":["1","x"]}})");
  EXPECT_EQ(wire_item(R"({"a":1.50e3})"), R"({"a":{"N":"1500"}})");
}

TEST(PlainJson, NamesThePlaceOfAMistake) {
  EXPECT_EQ(fault_of(R"([1])"), "column 1: expected an item, a JSON object");
  EXPECT_TRUE(fault_of(R"({"a":1,})").starts_with("column 8: this is not JSON: ")) << fault_of(R"({"a":1,})");
  EXPECT_TRUE(fault_of("{\n \"a\": x}").starts_with("line 2, column 7: this is not JSON: "))
      << fault_of("{\n \"a\": x}");
  EXPECT_TRUE(fault_of("").starts_with("column 1: this is not JSON: "));
  EXPECT_TRUE(fault_of(R"({"a":1} {})").starts_with("column 9: this is not JSON: "));
  EXPECT_NE(fault_of(R"({"a":1,"a":2})").find("\"a\" appears twice"), std::string::npos);
  EXPECT_EQ(
      fault_of(R"({"a":123456789012345678901234567890123456789})"),
      "column 6: 123456789012345678901234567890123456789: Attempting to store more than 38 significant digits in a "
      "Number");
  EXPECT_NE(fault_of(R"({"a":1e200})").find("Number overflow"), std::string::npos) << fault_of(R"({"a":1e200})");
  EXPECT_NE(fault_of(R"({"a":{"$B":"?"}})").find("\"?\" is not base64"), std::string::npos);
  EXPECT_NE(fault_of(R"({"a":{"$SS":"x"}})").find("$SS takes an array"), std::string::npos);
  EXPECT_NE(fault_of(R"({"a":{"$SS":[1]}})").find("$SS takes strings"), std::string::npos);
  EXPECT_NE(fault_of(R"({"a":{"$NS":["1"]}})").find("$NS takes numbers"), std::string::npos);
  EXPECT_NE(fault_of(R"({"a":{"$M":1}})").find("$M takes an object"), std::string::npos);
  EXPECT_NE(fault_of("{\"a\":\"\xff\"}").find("not JSON"), std::string::npos);
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_NE(fault_of("{\"a\":" + deep + "}").find("nested too deep"), std::string::npos);
}

TEST(PlainJson, TakesWordsOfTheCommandLine) {
  const struct {
    const char* word;
    const char* wire;
  } rows[] = {
      {"OPEN", R"({"S":"OPEN"})"},
      {"", R"({"S":""})"},
      {"3", R"({"N":"3"})"},
      {"-0.5e1", R"({"N":"-5"})"},
      {"true", R"({"BOOL":true})"},
      {"null", R"({"NULL":true})"},
      {"True", R"({"S":"True"})"},
      {"\"3\"", R"({"S":"3"})"},
      {"[1,\"a\"]", R"({"L":[{"N":"1"},{"S":"a"}]})"},
      {"{\"$SS\":[\"a\"]}", R"({"SS":["a"]})"},
      // Texts that only a careless reader takes for numbers: telephone numbers, versions, dates, leading zeros.
      {"007", R"({"S":"007"})"},
      {"+41", R"({"S":"+41"})"},
      {"1.", R"({"S":"1."})"},
      {"1.2.3", R"({"S":"1.2.3"})"},
      {"2026-11-25", R"({"S":"2026-11-25"})"},
      {"-", R"({"S":"-"})"},
  };
  for (const auto& row : rows) EXPECT_EQ(wire_value_of_word(row.word), row.wire) << row.word;
  EXPECT_THROW(wire_value_of_word("{broken"), PlainJsonError);
  EXPECT_THROW(wire_value_of_word("[1,"), PlainJsonError);
}

}  // namespace
}  // namespace stator::toolkit
