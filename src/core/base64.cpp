#include "core/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/utf8.h"

namespace stator::core {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotInAlphabet = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotInAlphabet);
  for (std::uint8_t i = 0; i < 64; ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = i;
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = make_values();

std::uint32_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }
std::uint32_t byte_of(char c) { return static_cast<unsigned char>(c); }
char to_char(std::uint32_t bits) { return static_cast<char>(bits & 0xFF); }

/// The number of '=' at the end. The length must be a multiple of 4.
std::size_t padding_of(std::string_view text) {
  if (text.empty() || text.back() != '=') {
    return 0;
  }
  return text[text.size() - 2] == '=' ? 2 : 1;
}

/// Whether the bits of the last four characters that do not belong to a byte are zero.
bool last_bits_are_zero(char last, std::size_t padding) {
  const std::uint32_t mask = padding == 2 ? 0x0F : padding == 1 ? 0x03 : 0;
  return (value_of(last) & mask) == 0;
}

}  // namespace

void base64_append(std::string_view bytes, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = byte_of(bytes[i]) << 16 | byte_of(bytes[i + 1]) << 8 | byte_of(bytes[i + 2]);
    *to++ = kAlphabet[bits >> 18];
    *to++ = kAlphabet[bits >> 12 & 63];
    *to++ = kAlphabet[bits >> 6 & 63];
    *to++ = kAlphabet[bits & 63];
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 0) {
    return;
  }
  const std::uint32_t bits = byte_of(bytes[i]) << 16 | (rest == 2 ? byte_of(bytes[i + 1]) << 8 : 0);
  *to++ = kAlphabet[bits >> 18];
  *to++ = kAlphabet[bits >> 12 & 63];
  *to++ = rest == 2 ? kAlphabet[bits >> 6 & 63] : '=';
  *to = '=';
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  base64_append(bytes, out);
  return out;
}

std::optional<std::size_t> base64_decoded_size(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  const std::size_t padding = padding_of(text);
  const std::size_t digits = text.size() - padding;
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    seen |= value_of(text[i]);
  }
  if ((seen & 0x80) != 0 || (digits > 0 && !last_bits_are_zero(text[digits - 1], padding))) {
    return std::nullopt;
  }
  return text.size() / 4 * 3 - padding;
}

std::optional<std::string> base64_decode(std::string_view text) {
  const std::optional<std::size_t> size = base64_decoded_size(text);
  if (!size) {
    return std::nullopt;
  }
  std::string bytes(*size, '\0');
  char* to = bytes.data();
  const std::size_t whole = *size / 3 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t bits =
        value_of(text[i]) << 18 | value_of(text[i + 1]) << 12 | value_of(text[i + 2]) << 6 | value_of(text[i + 3]);
    *to++ = to_char(bits >> 16);
    *to++ = to_char(bits >> 8);
    *to++ = to_char(bits);
  }
  const std::size_t rest = *size % 3;
  if (rest > 0) {
    const std::uint32_t bits = value_of(text[whole]) << 18 | value_of(text[whole + 1]) << 12;
    *to++ = to_char(bits >> 16);
    if (rest == 2) {
      *to = to_char((bits | value_of(text[whole + 2]) << 6) >> 8);
    }
  }
  return bytes;
}

std::size_t base64_size(std::string_view checked_text) {
  const std::size_t length = checked_text.size();
  if (length < 4) return 0;
  const std::size_t padding = checked_text[length - 1] != '=' ? 0 : checked_text[length - 2] != '=' ? 1 : 2;
  return length / 4 * 3 - padding;
}

std::string base64_complaint(std::string_view text) {
  if (text.size() % 4 != 0) {
    return "Base64 encoded length is expected a multiple of 4 bytes but found: " + std::to_string(text.size());
  }
  const std::size_t padding = padding_of(text);
  const std::string_view digits = text.substr(0, text.size() - padding);
  if (!digits.empty() && !last_bits_are_zero(digits.back(), padding)) {
    return "Invalid last non-pad Base64 character dectected";  // the service's spelling
  }
  const auto wrong = std::find_if(digits.begin(), digits.end(), [](char c) { return value_of(c) == kNotInAlphabet; });
  const auto at = static_cast<std::size_t>(wrong - digits.begin());
  std::size_t end = at;
  if (at < digits.size()) next_code_point(digits, end);
  return "Invalid Base64 character: '" + std::string(digits.substr(at, end - at)) + "'";
}

}  // namespace stator::core
