#include "core/utf8.h"

#include <algorithm>

namespace stator::core {
namespace {

/// Length of the well-formed sequence at the start of `text`, with its code point; 0 if it is malformed.
std::size_t decode(std::string_view text, char32_t& out) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    out = lead;
    return 1;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (starts_character(text[i])) return 0;
    value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
  out = value;
  return length;
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

char32_t next_code_point(std::string_view text, std::size_t& position) {
  char32_t value = 0xFFFD;
  const std::size_t length = decode(text.substr(position), value);
  position += std::max<std::size_t>(length, 1);
  return length == 0 ? U'\uFFFD' : value;
}

bool is_utf8(std::string_view text) {
  char32_t value = 0;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t length = decode(text.substr(position), value);
    if (length == 0) return false;
    position += length;
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && !starts_character(text[max_bytes])) --max_bytes;
  return text.substr(0, max_bytes);
}

std::string to_utf8(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    const char32_t c = next_code_point(text, at);
    const bool malformed = c == U'\uFFFD' && at == from + 1;
    out += malformed ? kReplacement : text.substr(from, at - from);
  }
  return out;
}

}  // namespace stator::core
