#include "aws/xml.h"

#include <charconv>
#include <cstdint>
#include <utility>

namespace stator::aws {

namespace {

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x110000) {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

/// Appends the character that `&name;` stands for; false if the entity is unknown.
bool append_entity(std::string_view name, std::string& out) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, character] : kNamed) {
    if (name == known) {
      out += character;
      return true;
    }
  }
  if (name.size() < 2 || name.front() != '#') return false;
  const bool hex = name[1] == 'x';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  append_utf8(code, out);
  return true;
}

std::string resolved(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t amp = text.find('&');
    out += text.substr(0, amp);
    if (amp == std::string_view::npos) break;
    text.remove_prefix(amp);
    const std::size_t end = text.find(';');
    if (end != std::string_view::npos && append_entity(text.substr(1, end - 1), out)) {
      text.remove_prefix(end + 1);
    } else {
      out += '&';
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> xml_text(std::string_view xml, std::string_view element) {
  const std::string open = "<" + std::string(element);
  const std::string close = "</" + std::string(element) + ">";
  for (std::size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at + 1)) {
    const std::size_t after_name = at + open.size();
    const std::size_t tag_end = xml.find('>', at);
    if (tag_end == std::string_view::npos) return std::nullopt;
    // "<Code" must not be the beginning of "<CodeName>".
    if (after_name != tag_end && xml[after_name] != ' ' && xml[after_name] != '/') continue;
    if (xml[tag_end - 1] == '/') return "";
    const std::size_t end = xml.find(close, tag_end);
    if (end == std::string_view::npos) return std::nullopt;
    return resolved(xml.substr(tag_end + 1, end - tag_end - 1));
  }
  return std::nullopt;
}

}  // namespace stator::aws
