#include "json/text_check.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>

#include "core/api_error.h"
#include "json/reader.h"
#include "json/text_stream.h"

namespace stator::json {

bool is_object(std::string_view text) {
  Parser parser;
  try {
    return parser.parse_with_repeated(text).is_object();
  } catch (const core::ApiError&) {
    return false;
  }
}

std::string json_fault(std::string_view text) {
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
  TextStream stream{text};
  rapidjson::BaseReaderHandler<> nothing;
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, nothing);
  if (!result.IsError()) return {};
  const std::string_view before = text.substr(0, result.Offset());
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 in the first line
  std::string why = rapidjson::GetParseError_En(result.Code());
  if (why.ends_with('.')) why.pop_back();
  return "line " + std::to_string(std::ranges::count(before, '\n') + 1) + ", column " +
         std::to_string(before.size() - line_start + 1) + ": " + why;
}

}  // namespace stator::json
