#include "toolkit/python_notation.h"

#include <array>
#include <cstdio>

#include "core/base64.h"
#include "model/text.h"

namespace stator::toolkit {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// What str.isprintable() calls not printable: controls, formats, separators other than the space, surrogates, private
/// use and non-characters. Unassigned code points count as printable.
constexpr std::array<Range, 31> kNotPrintable = {{
    {0x00, 0x1F},        {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},
    {0x6DD, 0x6DD},      {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},     {0x1680, 0x1680},
    {0x180E, 0x180E},    {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},
    {0xD800, 0xF8FF},    {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},
    {0x110BD, 0x110BD},  {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0x1FFFE, 0x1FFFF},  {0x2FFFE, 0x2FFFF}, {0x3FFFE, 0x3FFFF}, {0xE0000, 0xE00FF}, {0xE01F0, 0xEFFFF},
    {0xF0000, 0x10FFFF},
}};

bool is_printable(char32_t c) {
  for (const Range& range : kNotPrintable) {
    if (c >= range.first && c <= range.last) return false;
  }
  return true;
}

void append_escape(char32_t c, std::string& out) {
  std::array<char, 16> buffer{};
  const char* format = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
  const int length = std::snprintf(buffer.data(), buffer.size(), format, static_cast<unsigned>(c));
  out.append(buffer.data(), static_cast<std::size_t>(length));
}

char choose_quote(std::string_view text) {
  return text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
}

bool append_common_escape(char32_t c, char quote, std::string& out) {
  switch (c) {
    case '\n':
      out += "\\n";
      return true;
    case '\r':
      out += "\\r";
      return true;
    case '\t':
      out += "\\t";
      return true;
    case '\\':
      out += "\\\\";
      return true;
    default:
      if (c != static_cast<unsigned char>(quote)) return false;
      out += '\\';
      out += quote;
      return true;
  }
}

void append_bytes(std::string_view bytes, std::string& out) {
  const char quote = choose_quote(bytes);
  out += "b";
  out += quote;
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (append_common_escape(c, quote, out)) continue;
    if (c < 0x20 || c > 0x7E) {
      append_escape(c, out);
    } else {
      out += byte;
    }
  }
  out += quote;
}

/// repr() of a string: quotes chosen as Python chooses them, what is not printable escaped.
void append_python_string(std::string_view text, std::string& out) {
  const char quote = choose_quote(text);
  out += quote;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    const char32_t c = model::next_code_point(text, position);
    if (append_common_escape(c, quote, out)) continue;
    if (is_printable(c)) {
      out += text.substr(start, position - start);
    } else {
      append_escape(c, out);
    }
  }
  out += quote;
}

void append_scalar(std::string_view type, std::string_view text, std::string& out) {
  if (type == "N" || type == "NS") {
    out += "Decimal('" + std::string(text) + "')";
  } else if (type == "B" || type == "BS") {
    out += "Binary(";
    append_bytes(core::base64_decode(text).value_or(std::string(text)), out);
    out += ")";
  } else {
    append_python_string(text, out);
  }
}

void append_map(const json::Object& map, std::string& out);

void append_attribute(const json::Value& wire, std::string& out) {
  json::Object object;
  if (wire.get(object) != simdjson::SUCCESS || object.begin() == object.end()) {
    out += "None";
    return;
  }
  const auto member = *object.begin();
  const std::string_view type = member.key;
  std::string_view text;
  json::Array array;
  json::Object map;
  bool boolean = false;
  if (member.value.get(text) == simdjson::SUCCESS) return append_scalar(type, text, out);
  if (type == "BOOL" && member.value.get(boolean) == simdjson::SUCCESS) {
    out += boolean ? "True" : "False";
  } else if (type == "M" && member.value.get(map) == simdjson::SUCCESS) {
    append_map(map, out);
  } else if (member.value.get(array) == simdjson::SUCCESS) {
    const bool is_list = type == "L";
    out += is_list ? '[' : '{';
    bool first = true;
    for (const json::Value element : array) {
      if (!first) out += ", ";
      first = false;
      if (is_list) {
        append_attribute(element, out);
      } else if (element.get(text) == simdjson::SUCCESS) {
        append_scalar(type, text, out);
      }
    }
    out += is_list ? ']' : '}';
  } else {
    out += "None";
  }
}

void append_map(const json::Object& map, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto member : map) {
    if (!first) out += ", ";
    first = false;
    append_python_string(member.key, out);
    out += ": ";
    append_attribute(member.value, out);
  }
  out += '}';
}

}  // namespace

std::string python_item(const json::Object& item) {
  std::string out;
  append_map(item, out);
  return out;
}

}  // namespace stator::toolkit
