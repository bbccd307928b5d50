#include "engine/export/ion_text.h"

#include <algorithm>
#include <array>

#include "core/attribute_value.h"
#include "core/base64.h"
#include "core/hexadecimal.h"
#include "json/stored.h"

namespace stator::engine {
namespace {

using core::AttributeValue;

constexpr std::array<std::string_view, 4> kIonKeywords = {"null", "true", "false", "nan"};

bool is_identifier_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a symbol with this text needs no quotes. "$10" needs them: unquoted it means symbol number 10.
bool is_identifier(std::string_view text) {
  if (text.empty() || !is_identifier_letter(text.front())) return false;
  if (!std::ranges::all_of(text, [](char c) { return is_identifier_letter(c) || is_digit(c); })) return false;
  const bool is_number = text.front() == '$' && text.size() > 1 && std::ranges::all_of(text.substr(1), is_digit);
  return !is_number && std::ranges::find(kIonKeywords, text) == kIonKeywords.end();
}

void append_escaped(std::string_view text, char quote, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
      continue;
    }
    if (byte >= 0x20 && byte != 0x7F) {
      out.push_back(c);
      continue;
    }
    out.push_back('\\');
    switch (c) {
      case '\0':
        out.push_back('0');
        break;
      case '\a':
        out.push_back('a');
        break;
      case '\b':
        out.push_back('b');
        break;
      case '\t':
        out.push_back('t');
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\f':
        out.push_back('f');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\v':
        out.push_back('v');
        break;
      default:
        out.push_back('x');
        core::append_hexadecimal_byte(c, out);
    }
  }
}

void append_string(std::string_view text, std::string& out) {
  out.push_back('"');
  append_escaped(text, '"', out);
  out.push_back('"');
}

void append_field_name(std::string_view name, std::string& out) {
  if (is_identifier(name)) {
    out.append(name);
  } else {
    out.push_back('\'');
    append_escaped(name, '\'', out);
    out.push_back('\'');
  }
  out.push_back(':');
}

void append_blob(std::string_view bytes, std::string& out) {
  out.append("{{");
  core::base64_append(bytes, out);
  out.append("}}");
}

template <class Range, class Append>
void append_list(const Range& members, std::string& out, Append append) {
  out.push_back('[');
  bool first = true;
  for (const auto& member : members) {
    if (!first) out.push_back(',');
    first = false;
    append(member);
  }
  out.push_back(']');
}

void append_value(const AttributeValue& value, std::string& out);

/// Writes each alternative of a value as Ion.
struct Spelling {
  std::string& out;
  void operator()(const std::string& text) const { append_string(text, out); }
  void operator()(const core::Number& number) const { append_ion_decimal(number.to_string(), out); }
  void operator()(const AttributeValue::Binary& binary) const { append_blob(binary.bytes, out); }
  void operator()(const AttributeValue::StringSet& set) const {
    out.append("$dynamodb_SS::");
    append_list(set.members, out, [this](const std::string& text) { append_string(text, out); });
  }
  void operator()(const AttributeValue::NumberSet& set) const {
    out.append("$dynamodb_NS::");
    append_list(set.members, out, *this);
  }
  void operator()(const AttributeValue::BinarySet& set) const {
    out.append("$dynamodb_BS::");
    append_list(set.members, out, [this](const std::string& bytes) { append_blob(bytes, out); });
  }
  void operator()(const AttributeValue::Map& map) const {
    out.push_back('{');
    bool first = true;
    for (const core::MapMember& member : map) {
      if (!first) out.push_back(',');
      first = false;
      append_field_name(member.name, out);
      append_value(member.value, out);
    }
    out.push_back('}');
  }
  void operator()(const AttributeValue::List& list) const {
    append_list(list, out, [this](const AttributeValue& element) { append_value(element, out); });
  }
  void operator()(bool flag) const { out.append(flag ? "true" : "false"); }
  void operator()(AttributeValue::Null /*null*/) const { out.append("null"); }
};

void append_value(const AttributeValue& value, std::string& out) { std::visit(Spelling{out}, value.storage()); }

}  // namespace

void append_ion_decimal(std::string_view canonical, std::string& out) {
  if (canonical.starts_with('-')) {
    out.push_back('-');
    canonical.remove_prefix(1);
  }
  // digits * 10^-scale
  const std::size_t point = std::min(canonical.find('.'), canonical.size());
  std::string digits(canonical.substr(0, point));
  auto scale = static_cast<std::ptrdiff_t>(0);
  if (point < canonical.size()) {
    digits.append(canonical.substr(point + 1));
    scale = static_cast<std::ptrdiff_t>(canonical.size() - point - 1);
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  while (digits.size() > 1 && digits.back() == '0') {
    digits.pop_back();
    --scale;
  }
  if (digits == "0") scale = 0;
  const auto count = static_cast<std::ptrdiff_t>(digits.size());
  // Numbers with more zeros after the point are written with an exponent.
  constexpr std::ptrdiff_t kMostLeadingZeros = 6;
  if (scale < 0) {
    out.append(digits).append("d").append(std::to_string(-scale));
  } else if (scale == 0) {
    out.append(digits).push_back('.');
  } else if (count > scale) {
    out.append(digits, 0, static_cast<std::size_t>(count - scale)).push_back('.');
    out.append(digits, static_cast<std::size_t>(count - scale));
  } else if (scale - count < kMostLeadingZeros) {
    out.append("0.").append(static_cast<std::size_t>(scale - count), '0').append(digits);
  } else {
    out.append(digits).append("d-").append(std::to_string(scale));
  }
}

void append_ion_item(std::string_view stored_json, std::string& out) {
  json::StoredReader reader(stored_json);
  reader.expect('{');
  out.push_back('{');
  if (!reader.accept('}')) {
    for (bool first = true;; first = false) {
      if (!first) out.push_back(',');
      append_field_name(json::unescape(reader.raw_string()), out);
      reader.expect(':');
      append_value(reader.value(), out);
      if (reader.accept('}')) break;
      reader.expect(',');
    }
  }
  out.push_back('}');
}

}  // namespace stator::engine
