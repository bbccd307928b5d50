#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace stator::core {

/// A DynamoDB number: a decimal of up to 38 significant digits, zero or with a magnitude from 1E-130 to
/// 9.9999999999999999999999999999999999999E+125. Value = (negative ? -1 : 1) * coefficient * 10^exponent,
/// with no trailing zero in the coefficient; zero is {0, 0, false}. Exact; no operation rounds.
/// Source: Developer Guide, "Supported data types: Number".
class Number {
 public:
  Number() = default;
  explicit Number(std::int64_t value);

  /// Reads the wire text ("-1.50e3"). Throws ApiError ValidationException in the service's words: not a number
  /// ("The parameter cannot be converted to a numeric value: …"), more than 38 significant digits, or a magnitude
  /// out of range. Leading and trailing zeros do not count as digits.
  static Number parse(std::string_view text);

  /// Canonical text, as the service returns it: plain decimal notation without exponent, "-0.05", "1200".
  [[nodiscard]] std::string to_string() const;
  void append_to(std::string& out) const;

  /// Exact sum and difference. Throws ApiError ValidationException where the result leaves the range
  /// or would need more than 38 digits, in the service's words.
  [[nodiscard]] Number plus(const Number& other) const;
  [[nodiscard]] Number minus(const Number& other) const;
  [[nodiscard]] Number negated() const;

  /// The size DynamoDB charges: about one byte per two significant digits plus one (one more when negative).
  [[nodiscard]] std::size_t size_bytes() const;

  /// Appends bytes such that memcmp order is numeric order, and no encoding is a prefix of another.
  void append_ordered(std::string& out) const;
  /// Reads back what append_ordered wrote; advances `in` past it.
  static Number read_ordered(std::string_view& in);

  [[nodiscard]] bool is_negative() const { return negative_; }
  [[nodiscard]] bool is_zero() const { return coefficient_ == 0; }
  /// The value as an integer when it is one and fits, else false.
  [[nodiscard]] bool to_int64(std::int64_t& out) const;

  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number& other) const = default;

 private:
  __extension__ using Coefficient = unsigned __int128;
  Coefficient coefficient_ = 0;
  std::int32_t exponent_ = 0;
  bool negative_ = false;
};

}  // namespace stator::core
