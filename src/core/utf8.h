#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8. Every reply is well-formed: what is echoed is cut between characters (`utf8_prefix`), and `render_error` lets
/// nothing else out.
namespace stator::core {

/// What some programs write at the beginning of a text in UTF-8; it belongs to no line.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// `text` from behind its byte order mark, if it has one.
std::string_view without_byte_order_mark(std::string_view text);

/// Whether a character of well-formed text begins at this byte of it.
[[nodiscard]] constexpr bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

/// How many characters (code points) well-formed text has.
std::size_t count_characters(std::string_view text);

/// Decodes the code point at `position` and moves past it; for a malformed byte, moves past it alone: U+FFFD.
char32_t next_code_point(std::string_view text, std::size_t& position);

/// Whether `text` is well-formed (no overlong forms, no surrogates, nothing past U+10FFFF).
bool is_utf8(std::string_view text);

/// The beginning of well-formed `text`: as many whole characters as take at most `max_bytes`.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

/// `text` with each malformed byte replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace stator::core
