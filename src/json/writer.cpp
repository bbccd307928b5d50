#include "json/writer.h"

#include "core/base64.h"
#include "core/json_string.h"

namespace stator::json {
namespace {

using core::AttributeValue;

template <class Collection, class Write>
void append_joined(const Collection& collection, std::string& out, Write write) {
  bool first = true;
  for (const auto& element : collection) {
    if (!first) {
      out += ',';
    }
    first = false;
    write(element);
  }
}

void append_number(const core::Number& number, std::string& out) {
  out += '"';
  number.append_to(out);
  out += '"';
}

void append_binary(std::string_view bytes, std::string& out) {
  out += '"';
  core::base64_append(bytes, out);
  out += '"';
}

/// Writes the value that follows the type's name.
struct ContentWriter {
  std::string& out;

  void operator()(const std::string& text) const { append_string(text, out); }
  void operator()(const core::Number& number) const { append_number(number, out); }
  void operator()(const AttributeValue::Binary& binary) const { append_binary(binary.bytes, out); }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(const AttributeValue::Null&) const { out += "true"; }
  void operator()(const AttributeValue::StringSet& set) const {
    out += '[';
    append_joined(set.members, out, [&](const std::string& text) { append_string(text, out); });
    out += ']';
  }
  void operator()(const AttributeValue::NumberSet& set) const {
    out += '[';
    append_joined(set.members, out, [&](const core::Number& number) { append_number(number, out); });
    out += ']';
  }
  void operator()(const AttributeValue::BinarySet& set) const {
    out += '[';
    append_joined(set.members, out, [&](const std::string& bytes) { append_binary(bytes, out); });
    out += ']';
  }
  void operator()(const AttributeValue::List& list) const {
    out += '[';
    append_joined(list, out, [&](const AttributeValue& element) { append_value(element, out); });
    out += ']';
  }
  void operator()(const AttributeValue::Map& map) const {
    out += '{';
    append_joined(map, out, [&](const core::MapMember& member) {
      append_string(member.name, out);
      out += ':';
      append_value(member.value, out);
    });
    out += '}';
  }
};

}  // namespace

void append_string(std::string_view text, std::string& out) { core::append_json_string(text, out); }

void append_value(const AttributeValue& value, std::string& out) {
  ((out += "{\"") += core::type_name(value.type())) += "\":";
  std::visit(ContentWriter{out}, value.storage());
  out += '}';
}

}  // namespace stator::json
