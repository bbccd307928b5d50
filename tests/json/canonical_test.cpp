#include "json/canonical.h"

#include <gtest/gtest.h>

#include "json/item.h"
#include "json/reader.h"

namespace stator::json {
namespace {

core::AttributeValue value_of(std::string_view wire) {
  Parser parser;
  return read_value(parser.parse(wire));
}

std::string sorted(const core::AttributeValue& value) {
  std::string text;
  append_sorted_value(value, text);
  return text;
}

TEST(SortedValue, IsTheSameTextForEqualValuesAndForNoOthers) {
  // Each row holds spellings of one value; different rows hold different values.
  const std::vector<std::vector<std::string>> rows = {
      {R"({"N":"1"})", R"({"N":"1.0"})", R"({"N":"10e-1"})"},
      {R"({"N":"-1"})"},
      {R"({"S":"1"})"},
      {R"({"B":"MQ=="})"},
      {R"({"NS":["1","2","10"]})", R"({"NS":["1e1","2.0","1"]})"},
      {R"({"SS":["1","2","10"]})", R"({"SS":["10","2","1"]})"},
      {R"({"SS":["\",\""]})"},
      {R"({"SS":["",","]})", R"({"SS":[",",""]})"},
      {R"({"BS":["MQ==","Mg=="]})", R"({"BS":["Mg==","MQ=="]})"},
      {R"({"L":[{"N":"1"},{"N":"2"}]})", R"({"L":[{"N":"1.0"},{"N":"2.0"}]})"},
      {R"({"L":[{"N":"2"},{"N":"1"}]})"},
      {R"({"M":{"a":{"L":[]},"b":{"M":{}}}})", R"({"M":{"b":{"M":{}},"a":{"L":[]}}})"},
      {R"({"M":{"a":{"L":[]}}})"},
      {R"({"M":{"x":{"M":{"p":{"BOOL":true},"q":{"NS":["1","2"]}}}}})",
       R"({"M":{"x":{"M":{"q":{"NS":["2","1"]},"p":{"BOOL":true}}}}})"},
      {R"({"M":{"x":{"M":{"p":{"BOOL":false},"q":{"NS":["1","2"]}}}}})"},
      {R"({"NULL":true})"},
  };
  std::vector<std::string> texts;
  for (const auto& row : rows) {
    const std::string text = sorted(value_of(row.front()));
    for (const std::string& spelling : row) EXPECT_EQ(sorted(value_of(spelling)), text) << spelling;
    EXPECT_EQ(value_of(text), value_of(row.front())) << "it is the value's wire form";
    for (const std::string& other : texts) EXPECT_NE(text, other);
    texts.push_back(text);
  }
}

}  // namespace
}  // namespace stator::json
