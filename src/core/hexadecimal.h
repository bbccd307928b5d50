#pragma once

#include <concepts>
#include <string>
#include <string_view>

/// Hexadecimal digits of bytes and numbers.
namespace stator::core {

inline constexpr std::string_view kHexadecimalDigits = "0123456789abcdef";
inline constexpr std::string_view kHexadecimalCapitals = "0123456789ABCDEF";

/// The value of a digit in either case; -1 for any other character.
constexpr int hexadecimal_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Appends two digits.
inline void append_hexadecimal_byte(char byte, std::string& out, std::string_view digits = kHexadecimalDigits) {
  out.push_back(digits[static_cast<unsigned char>(byte) >> 4U]);
  out.push_back(digits[static_cast<unsigned char>(byte) & 0xFU]);
}

/// Two digits per byte.
inline std::string hexadecimal(std::string_view bytes, std::string_view digits = kHexadecimalDigits) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) append_hexadecimal_byte(byte, text, digits);
  return text;
}

/// As many digits as the type has, leading zeros included.
template <std::unsigned_integral Number>
void append_hexadecimal(Number number, std::string& out, std::string_view digits = kHexadecimalDigits) {
  char text[2 * sizeof(Number)];
  for (std::size_t i = sizeof text; i > 0; --i) {
    text[i - 1] = digits[number & 0xFU];
    number = static_cast<Number>(number >> 4U);
  }
  out.append(text, sizeof text);
}

template <std::unsigned_integral Number>
std::string hexadecimal(Number number, std::string_view digits = kHexadecimalDigits) {
  std::string text;
  append_hexadecimal(number, text, digits);
  return text;
}

}  // namespace stator::core
