#include "core/api_error.h"

#include <gtest/gtest.h>

#include "core/clock.h"
#include "core/json_string.h"

namespace stator::core {
namespace {

TEST(ApiError, IsRenderedAsTheServiceDoes) {
  struct Row {
    ApiError error;
    int status;
    std::string body;
  };
  const Row rows[] = {
      {{"ResourceNotFoundException", "Requested resource not found"},
       400,
       R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"})"},
      {{"ConditionalCheckFailedException", "The conditional request failed", R"("Item":{"pk":{"S":"a"}})"},
       400,
       R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",)"
       R"("message":"The conditional request failed","Item":{"pk":{"S":"a"}}})"},
      {{"TransactionCanceledException", "x"},
       400,
       R"({"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"x"})"},
      {{"ValidationException", "say \"no\""},
       400,
       R"({"__type":"com.amazon.coral.validate#ValidationException","message":"say \"no\""})"},
      {{"SerializationException", "x"},
       400,
       R"({"__type":"com.amazon.coral.service#SerializationException","Message":"x"})"},
      {{"SerializationException", ""}, 400, R"({"__type":"com.amazon.coral.service#SerializationException"})"},
      {{"UnknownOperationException", ""}, 400, R"({"__type":"com.amazon.coral.service#UnknownOperationException"})"},
      {{"AccessDeniedException", "x"},
       400,
       R"({"__type":"com.amazon.coral.service#AccessDeniedException","Message":"x"})"},
      {{"MissingAuthenticationTokenException", "x"},
       400,
       R"({"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"x"})"},
      {{"ThrottlingException", "x"},
       400,
       R"({"__type":"com.amazon.coral.availability#ThrottlingException","message":"x"})"},
      {{"InternalServerError", "x"},
       500,
       R"({"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"x"})"},
      {{"InternalFailure", ""}, 500, R"({"__type":"com.amazon.coral.service#InternalFailure"})"},
      {{"ServiceUnavailable", "x"}, 503, R"({"__type":"com.amazon.coral.service#ServiceUnavailable","message":"x"})"},
      {{"NewException", "x"}, 400, R"({"__type":"com.amazonaws.dynamodb.v20120810#NewException","message":"x"})"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(render_error(row.error), row.body);
    EXPECT_EQ(http_status(row.error), row.status) << row.error.type.name();
  }
}

TEST(ApiError, TypesHaveOneNameAndOneCode) {
  for (int i = 1; i <= static_cast<int>(ErrorCode::kValidation); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const ErrorType type = code;
    EXPECT_FALSE(type.name().empty()) << i;
    EXPECT_EQ(ErrorType(type.name()).code(), code) << type.name();
  }
  const ErrorType other = "NewException";
  EXPECT_EQ(other.code(), ErrorCode::kOther);
  EXPECT_EQ(other, "NewException");
  EXPECT_NE(other, ErrorType("OtherException"));
  EXPECT_NE(other, ErrorCode::kValidation);
  EXPECT_EQ(ErrorType("ValidationException"), ErrorCode::kValidation);
}

TEST(ApiError, KeepsTheStatusOfARemoteService) {
  ApiError error("ValidationException", "x");
  error.status = 418;
  EXPECT_EQ(http_status(error), 418);
  for (const int of_no_error : {204, 301, 600}) {
    error.status = of_no_error;
    EXPECT_EQ(http_status(error), 503) << of_no_error;
  }
}

TEST(ApiError, ThrowersNameTheirType) {
  const auto type_of = [](void (*thrower)(std::string)) {
    try {
      thrower("m");
    } catch (const ApiError& error) {
      return std::string(error.type.name()) + ":" + error.what();
    }
    return std::string();
  };
  EXPECT_EQ(type_of(throw_validation), "ValidationException:m");
  EXPECT_EQ(type_of(throw_serialization), "SerializationException:m");
  EXPECT_EQ(type_of(throw_resource_not_found), "ResourceNotFoundException:m");
}

TEST(JsonString, EscapesOnlyWhatJsonDemands) {
  struct Row {
    std::string text, json;
  };
  const Row rows[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {std::string("\0\x01\x1F", 3), R"("\u0000\u0001\u001f")"},
      {"\x7F/", "\"\x7F/\""},
      {"grüße 🎉", "\"grüße 🎉\""},
  };
  for (const Row& row : rows) {
    std::string out;
    append_json_string(row.text, out);
    EXPECT_EQ(out, row.json);
  }
}

TEST(JsonString, FindsAnEscapeAtEveryOffset) {
  for (std::size_t length = 1; length < 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (const char c : {'"', '\\', '\n', '\x1F'}) {
        std::string text(length, '\xC3');  // bytes with the high bit set must not hide the character
        text[at] = c;
        std::string out;
        append_json_string(text, out);
        const std::string escape = c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n" : "\\u001f";
        ASSERT_EQ(out, "\"" + text.substr(0, at) + escape + text.substr(at + 1) + "\"");
      }
    }
  }
}

TEST(Clock, SystemClockTellsMillisecondsSince1970) {
  EXPECT_GT(Clock::system().now_ms(), 1'600'000'000'000);
  EXPECT_LT(Clock::system().now_ms(), 10'000'000'000'000);
}

}  // namespace
}  // namespace stator::core
