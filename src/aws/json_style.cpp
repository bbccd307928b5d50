#include "aws/json_style.h"

#include <cstdint>
#include <optional>

#include "core/hexadecimal.h"

namespace stator::aws {

namespace {

void append_unit(std::uint32_t unit, std::string& out) {
  out += "\\u";
  core::append_hexadecimal(static_cast<std::uint16_t>(unit), out);
}

void append_code_point(std::uint32_t code, std::string& out) {
  switch (code) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (code >= ' ' && code <= '~') {
    out += static_cast<char>(code);
  } else if (code < 0x10000) {
    append_unit(code, out);
  } else {
    append_unit(0xd800 + ((code - 0x10000) >> 10), out);
    append_unit(0xdc00 + ((code - 0x10000) & 0x3ff), out);
  }
}

std::optional<std::uint32_t> read_utf8(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : -1;
  if (more < 0 || at + static_cast<std::size_t>(more) > text.size()) return std::nullopt;
  std::uint32_t code = lead & (0x3fU >> more);
  for (int i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[at++]);
    if ((next & 0xc0) != 0x80) return std::nullopt;
    code = code << 6 | (next & 0x3fU);
  }
  return code;
}

std::optional<std::uint32_t> read_escape(std::string_view text, std::size_t& at) {
  if (at >= text.size()) return std::nullopt;
  const char c = text[at++];
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case '"':
    case '\\':
    case '/':
      return static_cast<std::uint32_t>(c);
    case 'u':
      break;
    default:
      return std::nullopt;
  }
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char digit = text[at++];
    const int value = digit >= '0' && digit <= '9'   ? digit - '0'
                      : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                      : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                     : -1;
    if (value < 0) return std::nullopt;
    unit = unit << 4 | static_cast<std::uint32_t>(value);
  }
  return unit;  // surrogates stay separate, as they are written
}

/// Copies the string that begins after its opening quote; `at` ends after the closing one.
bool append_string(std::string_view text, std::size_t& at, std::string& out) {
  out += '"';
  while (at < text.size()) {
    if (text[at] == '"') {
      ++at;
      out += '"';
      return true;
    }
    const bool escaped = text[at] == '\\';
    if (escaped) ++at;
    const auto code = escaped ? read_escape(text, at) : read_utf8(text, at);
    if (!code) return false;
    append_code_point(*code, out);
  }
  return false;
}

}  // namespace

bool append_python_json(std::string_view text, std::string& out) {
  const std::size_t before = out.size();
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    switch (c) {
      case ' ':
      case '\t':
      case '\n':
      case '\r':
        break;
      case ',':
        out += ", ";
        break;
      case ':':
        out += ": ";
        break;
      case '"':
        if (!append_string(text, at, out)) {
          out.resize(before);
          return false;
        }
        break;
      default:
        out += c;
    }
  }
  return true;
}

}  // namespace stator::aws
