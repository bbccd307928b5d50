#pragma once

#include <compare>
#include <cstddef>
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
  /// out of range. Leading and trailing zeros do not count as digits. As in the service, a zero must be within the
  /// range of exponents too: "0e126" is an overflow, "0.0e126" is not.
  static Number parse(std::string_view text);
  /// The same, in the words of the service's older layer (json/item.h, ValueRules): there the largest 32-bit exponent
  /// wraps around to an underflow, and an empty text gives a message without a colon.
  static Number parse_older(std::string_view text);

  /// Canonical text, as the service returns it: plain decimal notation without exponent, such as "-0.05", "1200".
  [[nodiscard]] std::string to_string() const;
  void append_to(std::string& out) const;

  /// Exact sum and difference. Throw ApiError ValidationException in the service's words if the result is out of range
  /// or would need more than 38 digits (the service calls the latter an overflow too).
  [[nodiscard]] Number plus(const Number& other) const;
  [[nodiscard]] Number minus(const Number& other) const;
  [[nodiscard]] Number negated() const;

  /// The size that DynamoDB charges: one byte, plus one for each pair of digits (pairs are counted from the decimal
  /// point, without leading and trailing zeros), plus one if negative; zero takes one byte.
  [[nodiscard]] std::size_t size_bytes() const;
  /// The same from the canonical text (as append_to writes it), without parsing.
  static std::size_t size_bytes_of_canonical(std::string_view text);

  /// Appends bytes whose memcmp order is numeric order; no encoding is a prefix of another. Format: 0x02 | exponent of
  /// the first digit + 130 | pairs of digits from the first one on, each + 1 | 0x00. Zero is 0x01. A negative number is
  /// 0x00, followed by the complement of the bytes after 0x02 of its magnitude.
  void append_ordered(std::string& out) const;
  /// Reads what append_ordered wrote and advances `in` past it. Throws DamageError for anything else.
  static Number read_ordered(std::string_view& in);

  [[nodiscard]] bool is_negative() const { return negative_; }
  [[nodiscard]] bool is_zero() const { return coefficient_ == 0; }
  /// Sets `out` to the value as an integer; returns false if it is not an integer or does not fit.
  [[nodiscard]] bool to_int64(std::int64_t& out) const;

  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number& other) const = default;

 private:
  __extension__ using Coefficient = unsigned __int128;

  Number(Coefficient coefficient, std::int32_t exponent, bool negative);
  /// Compares magnitudes, ignoring signs.
  [[nodiscard]] std::strong_ordering compare_magnitude(const Number& other) const;
  /// Exponent of the first digit: 2 for 123. Not defined for zero.
  [[nodiscard]] int leading_exponent() const;
  /// The size of a nonzero number.
  static std::size_t size_bytes(int digits, int leading_exponent, bool negative);
  static Number parse(std::string_view text, bool older);
  /// Throws if the magnitude is out of DynamoDB's range.
  static void check_magnitude(std::int64_t leading_exponent);

  Coefficient coefficient_ = 0;
  std::int32_t exponent_ = 0;
  bool negative_ = false;
};

}  // namespace stator::core
