#include "json/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace stator::json {

using Type = simdjson::dom::element_type;

namespace {

constexpr std::array<std::string_view, 3> kTrueTexts = {"true", "yes", "1"};
constexpr std::array<std::string_view, 3> kFalseTexts = {"false", "no", "0"};

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

bool is_any_of(std::string_view text, const std::array<std::string_view, 3>& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](std::string_view known) { return equal_ignoring_case(text, known); });
}

}  // namespace

bool is_boolean_text(std::string_view text) { return is_any_of(text, kTrueTexts) || is_any_of(text, kFalseTexts); }

bool read_boolean(const Value& value) {
  if (value.is_bool()) {
    return bool(value);
  }
  return value.is_string() && is_any_of(std::string_view(value), kTrueTexts);
}

std::int64_t read_integer(const Value& value) {
  switch (value.type()) {
    case Type::INT64:
      return std::int64_t(value);
    case Type::UINT64:
      return std::numeric_limits<std::int64_t>::max();
    case Type::DOUBLE: {
      const double number = double(value);
      constexpr double kLimit = 9223372036854775808.0;  // 2^63
      if (number >= kLimit) {
        return std::numeric_limits<std::int64_t>::max();
      }
      return number < -kLimit ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(number);
    }
    case Type::STRING:
      return integer_from_text(std::string_view(value)).value_or(0);
    default:
      return 0;
  }
}

std::optional<std::int64_t> integer_from_text(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.begin(), text.end(), number);
  return read.ec == std::errc{} && read.ptr == text.end() ? std::optional(number) : std::nullopt;
}

double read_double(const Value& value) {
  switch (value.type()) {
    case Type::INT64:
      return static_cast<double>(std::int64_t(value));
    case Type::UINT64:
      return static_cast<double>(std::uint64_t(value));
    case Type::DOUBLE:
      return double(value);
    default:
      return 0;
  }
}

}  // namespace stator::json
