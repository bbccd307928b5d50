#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8. Every reply is well-formed: quoted text is cut between characters (`utf8_prefix`), and `render_error`
/// replaces malformed bytes.
namespace stator::core {

/// The mark that some programs write before a UTF-8 text; it is not part of the text.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// `text` without its byte order mark, if it has one.
std::string_view without_byte_order_mark(std::string_view text);

/// Whether a character begins at this byte of a well-formed text.
[[nodiscard]] constexpr bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

/// Number of characters (code points) in a well-formed text.
std::size_t count_characters(std::string_view text);

/// Decodes the code point at `position` and moves past it. For a malformed byte returns U+FFFD and moves past that
/// byte.
char32_t next_code_point(std::string_view text, std::size_t& position);

/// Whether `text` is well-formed (no overlong forms, no surrogates, nothing past U+10FFFF).
bool is_utf8(std::string_view text);

/// The longest prefix of well-formed `text` that consists of whole characters and has at most `max_bytes`.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

/// `text` with each malformed byte replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace stator::core
