#include "api/shape_rules.h"

#include <algorithm>
#include <array>

namespace stator::api {

using shapes::Pattern;
using shapes::Rule;
using shapes::Shape;

namespace {

constexpr std::int64_t kMinNameLength = 3;
constexpr std::int64_t kMaxNameLength = 255;
constexpr std::int64_t kMaxArnLength = 1024;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr std::array<bool, 256> name_characters() {
  std::array<bool, 256> allowed{};
  for (unsigned c = 0; c < allowed.size(); ++c) {
    const char character = static_cast<char>(c);
    allowed[c] = is_alphanumeric(character) || character == '_' || character == '.' || character == '-';
  }
  return allowed;
}
constexpr std::array<bool, 256> kNameCharacters = name_characters();

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_bucket(std::string_view text) {
  const auto inner = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
  return text.size() >= 2 && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), inner);
}

/// The regular expression as the service prints it.
std::string_view pattern_text(Pattern pattern) {
  switch (pattern) {
    case Pattern::kNone:
      return {};
    case Pattern::kName:
      return "[a-zA-Z0-9_.-]+";
    case Pattern::kAccountId:
      return "[0-9]{12}";
    case Pattern::kBucket:
      return R"(^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$)";
    case Pattern::kClientToken:
      return R"(^[^\$]+$)";
    case Pattern::kCsvDelimiter:
      return R"([,;:|\t ])";
    case Pattern::kCsvHeader:
      return R"([\x20-\x21\x23-\x2B\x2D-\x7E]*)";
    case Pattern::kImportToken:
      return "([0-9a-f]{16})+";
    case Pattern::kPrintable:
      return R"(\p{Print}+)";
    case Pattern::kRoleArn:
      return R"([\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*)";
  }
  return {};
}

}  // namespace

std::int64_t java_length(std::string_view utf8) {
  std::int64_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    // One unit for each code point, and another for each that needs a surrogate pair.
    units += static_cast<std::int64_t>((byte & 0xc0U) != 0x80U) + static_cast<std::int64_t>(byte >= 0xf0U);
  }
  return units;
}

bool matches(Pattern pattern, std::string_view text) {
  switch (pattern) {
    case Pattern::kNone:
      return true;
    case Pattern::kName:
      return !text.empty() && std::all_of(text.begin(), text.end(),
                                          [](char c) { return kNameCharacters[static_cast<unsigned char>(c)]; });
    case Pattern::kAccountId:
      return text.size() == 12 && std::all_of(text.begin(), text.end(), is_digit);
    case Pattern::kBucket:
      return is_bucket(text);
    case Pattern::kClientToken:
      return !text.empty() && text.find('$') == std::string_view::npos;
    case Pattern::kCsvDelimiter:
      return text.size() == 1 && std::string_view(",;:|\t ").find(text.front()) != std::string_view::npos;
    case Pattern::kCsvHeader:
      return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != ','; });
    case Pattern::kImportToken:
      return !text.empty() && text.size() % 16 == 0 &&
             std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
    case Pattern::kPrintable:
      return !text.empty() && std::none_of(text.begin(), text.end(), is_control);
    case Pattern::kRoleArn:
      return std::none_of(text.begin(), text.end(),
                          [](char c) { return is_control(c) && c != '\r' && c != '\n' && c != '\t' && c != 0x7f; });
  }
  return true;
}

LengthBounds length_bounds(const Shape& shape, std::string_view text) {
  switch (shape.rule) {
    case Rule::kNone:
      return {shape.min_length, shape.max_length, true};
    case Rule::kItemTable:
      if (text.empty()) {
        return {1, kMaxArnLength, false};
      }
      [[fallthrough]];
    case Rule::kTable:
      if (text.starts_with("arn:")) {
        return {1, kMaxArnLength, false};
      }
      return {kMinNameLength, kMaxNameLength, true};
    case Rule::kTargetTable:
    case Rule::kInsightsIndex:
      return {kMinNameLength, kMaxNameLength, true};
  }
  return {};
}

bool satisfies(const Shape& shape, std::string_view text) {
  if (!shape.values.empty()) {
    return std::find(shape.values.begin(), shape.values.end(), text) != shape.values.end();
  }
  const LengthBounds bounds = length_bounds(shape, text);
  if (bounds.min > 0 || bounds.max != shapes::kUnbounded) {
    const std::int64_t length = java_length(text);
    if (length < bounds.min || length > bounds.max) {
      return false;
    }
  }
  return !bounds.check_pattern || matches(shape.pattern, text);
}

bool satisfies(const Shape& shape, std::int64_t number) {
  return number >= shape.min_value && number <= shape.max_value;
}

bool length_satisfies(const Shape& shape, std::int64_t members) {
  return members >= shape.min_length && members <= shape.max_length;
}

std::string too_short(std::int64_t min) {
  return "Member must have length greater than or equal to " + std::to_string(min);
}

std::string too_long(std::int64_t max) {
  return "Member must have length less than or equal to " + std::to_string(max);
}

std::string must_match(Pattern pattern) {
  return "Member must satisfy regular expression pattern: " + std::string(pattern_text(pattern));
}

std::string must_be_one_of(const Shape& shape) {
  std::string text = "Member must satisfy enum value set: [";
  for (std::size_t at = 0; at < shape.values.size(); ++at) {
    text.append(at == 0 ? "" : ", ").append(shape.values[at]);
  }
  return text.append("]");
}

std::string constraint_list(const Shape& shape) {
  std::string text = "[";
  const auto add = [&](const std::string& constraint) { text.append(text.size() > 1 ? ", " : "").append(constraint); };
  // The bounds of a name, which any text that is neither empty nor an ARN gives.
  const LengthBounds bounds = length_bounds(shape, "name");
  if (bounds.max != shapes::kUnbounded) {
    add(too_long(bounds.max));
  }
  if (bounds.min > 0) {
    add(too_short(bounds.min));
  }
  if (shape.pattern != Pattern::kNone) {
    add(must_match(shape.pattern));
  }
  if (!shape.values.empty()) {
    add(must_be_one_of(shape));
  }
  return text.append("]");
}

}  // namespace stator::api
