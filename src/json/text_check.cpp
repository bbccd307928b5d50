#include "json/text_check.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "core/api_error.h"
#include "json/reader.h"
#include "json/text_stream.h"

namespace stator::json {
namespace {

constexpr unsigned kFlags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;

bool is_readable(std::string_view text) {
  Parser parser;
  try {
    parser.parse_with_repeated(text);
    return true;
  } catch (const core::ApiError&) {
    return false;
  }
}

/// Copies the events that it receives.
class ReadableNumbers : public rapidjson::Writer<rapidjson::StringBuffer> {
 public:
  using Writer::Writer;
  // RapidJSON requires this name.
  bool RawNumber(const char* number, rapidjson::SizeType length, bool /*copy*/) {
    const std::string_view text(number, length);
    if (is_readable(text)) return RawValue(number, length, rapidjson::kNumberType);
    replaced_ = true;
    constexpr std::string_view kUntakable = "1.5e308";
    return RawValue(kUntakable.data(), kUntakable.size(), rapidjson::kNumberType);
  }
  [[nodiscard]] bool replaced() const { return replaced_; }

 private:
  bool replaced_ = false;
};

}  // namespace

bool is_object(std::string_view text) {
  Parser parser;
  try {
    return parser.parse_with_repeated(text).is_object();
  } catch (const core::ApiError&) {
    return false;
  }
}

std::string json_fault(std::string_view text) {
  TextStream stream{text};
  rapidjson::BaseReaderHandler<> nothing;
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, nothing);
  if (!result.IsError()) return {};
  const std::string_view before = text.substr(0, result.Offset());
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 on the first line
  std::string why = rapidjson::GetParseError_En(result.Code());
  if (why.ends_with('.')) why.pop_back();
  return "line " + std::to_string(std::ranges::count(before, '\n') + 1) + ", column " +
         std::to_string(before.size() - line_start + 1) + ": " + why;
}

std::string with_readable_numbers(std::string_view text) {
  TextStream stream{text};
  rapidjson::StringBuffer out;
  ReadableNumbers copy(out);
  rapidjson::Reader reader;
  if (reader.Parse<kFlags>(stream, copy).IsError() || stream.position < text.size() || !copy.replaced()) return {};
  return {out.GetString(), out.GetSize()};
}

}  // namespace stator::json
