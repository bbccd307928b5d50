#include "json/reader.h"

#include <gtest/gtest.h>

#include "core/api_error.h"

namespace stator::json {
namespace {

TEST(Parser, RefusesWhatIsNoJsonWithASerializationException) {
  const std::string rows[] = {
      "",
      "hi",
      "{",
      "{\"a\":}",
      "{\"a\":1,}",
      "{\"a\" 1}",
      "[1 2]",
      "nul",
      "\"open",
      "{} {}",
      "{\"a\":\"\xFF\"}",
      "{\"a\":\"\xC3\"}",
      "{a:1}",
      "{'a':1}",
      "\"\\x\"",
      "\"\\ud83d\"",
      "\"\\ud83d\\u0041\"",
      "\"\\udc00\"",
      "\"\\\\\\udfff\"",
      "\"a\nb\"",
      std::string("\"a\0b\"", 5),
      "{\"n\":01}",
  };
  for (const std::string& text : rows) {
    try {
      Parser::of_this_thread().parse(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const core::ApiError& error) {
      EXPECT_EQ(error.type, "SerializationException");
      EXPECT_EQ(error.message, "") << "the service gives none";
    }
  }
}

TEST(Parser, ReadsSurrogatePairsAndEscapedBackslashes) {
  struct Row {
    const char *text, *value;
  };
  const Row rows[] = {{"\"\\ud83c\\udf89\"", "🎉"},
                      {"\"\\uD83C\\uDF89\\uD83C\\uDF89\"", "🎉🎉"},
                      {"\"\\\\udc00\"", "\\udc00"},
                      {"\"\\u00e9\\\\\"", "é\\"}};
  for (const Row& row : rows) {
    EXPECT_EQ(std::string_view(Parser::of_this_thread().parse(row.text)), row.value);
  }
}

TEST(Parser, ReadsWithAndWithoutPadding) {
  Parser parser;
  const std::string text = R"({"a":"b"})";
  Value a;
  ASSERT_TRUE(find_member(parser.parse(text), "a", a));
  EXPECT_EQ(std::string_view(a), "b");
  const std::string padded = text + std::string(simdjson::SIMDJSON_PADDING, '}');
  ASSERT_TRUE(
      find_member(parser.parse(std::string_view(padded).substr(0, text.size()), simdjson::SIMDJSON_PADDING), "a", a));
  EXPECT_EQ(std::string_view(a), "b");
}

TEST(Parser, ServesSmallTextsAfterALargeOne) {
  Parser parser;
  std::string large = "[\"" + std::string(std::size_t{3} << 20, 'x') + "\"]";
  EXPECT_TRUE(parser.parse(large).is_array());
  EXPECT_TRUE(parser.parse("{}").is_object());
  EXPECT_TRUE(parser.parse(large).is_array());
}

TEST(Parser, RefusesEndlessNestingWithoutHarm) {
  const std::string open(std::size_t{16} << 20, '[');
  EXPECT_THROW(Parser().parse(open), core::ApiError);
  EXPECT_THROW(Parser().parse(std::string(1000, '[') + std::string(1000, ']')), core::ApiError);
  EXPECT_NO_THROW(Parser().parse(std::string(200, '[') + std::string(200, ']')));
}

TEST(FindMember, CountsNullAsAbsent) {
  struct Row {
    const char* object;
    bool found;
    const char* value;
  };
  const Row rows[] = {
      {R"({})", false, ""},
      {R"({"b":"1"})", false, ""},
      {R"({"a":"1"})", true, "1"},
      {R"({"a":"1","b":"x","a":"2"})", true, "2"},
      {R"({"a":null})", false, ""},
      {R"({"a":"1","a":null})", false, ""},
      {R"({"a":null,"a":"2"})", true, "2"},
      {R"({"\u0061":"3"})", true, "3"},
  };
  for (const Row& row : rows) {
    Value out;
    EXPECT_EQ(find_member(Parser::of_this_thread().parse(row.object), "a", out), row.found) << row.object;
    if (row.found) {
      EXPECT_EQ(std::string_view(out), row.value) << row.object;
    }
  }
}

TEST(Parse, KeepsTheLastOfEachNameAtEveryDepth) {
  struct Row {
    const char* text;
    const char* kept;
  };
  const Row rows[] = {
      {R"({"a":1,"b":2})", R"({"a":1,"b":2})"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {R"({"a":1,"b":"x","a":null})", R"({"b":"x","a":null})"},
      {R"({"a":{"b":1,"b":[true]},"c":[{"d":1.5,"d":-2}]})", R"({"a":{"b":[true]},"c":[{"d":-2}]})"},
      {R"([{"\u0061":18446744073709551615,"a":"\"\u0001\ud83d\ude00"}])", "[{\"a\":\"\\\"\\u0001\U0001F600\"}]"},
      {R"({"":1,"":2})", R"({"":2})"},
      {R"({"a":{"x":1,"x":2},"a":3})", R"({"a":3})"},
      {R"(7)", R"(7)"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(std::string(simdjson::minify(Parser().parse(row.text))), row.kept) << row.text;
  }
}

TEST(Parse, KeepsTheLastOfEachNameAmongVeryMany) {
  std::string text = "{";
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100'000; ++i) {
      text += std::string("\"") + std::string(40, 'n') + std::to_string(i) + "\":" + std::to_string(round) + ",";
    }
  }
  text.back() = '}';
  Parser parser;
  const Object object(parser.parse(text));
  EXPECT_EQ(object.size(), 100'000);
  for (const auto [name, value] : object) ASSERT_EQ(std::int64_t(value), 1) << name;
}

}  // namespace
}  // namespace stator::json
