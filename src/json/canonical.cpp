#include "json/canonical.h"

#include <algorithm>
#include <vector>

#include "core/base64.h"
#include "json/writer.h"

namespace stator::json {
namespace {

using core::AttributeValue;

/// Appends a set; each member is a JSON string as on the wire, and they are sorted.
template <class Members, class Append>
void append_sorted_set(std::string_view type, const Members& members, Append append, std::string& out) {
  std::vector<std::string> texts;
  texts.reserve(members.size());
  for (const auto& member : members) append(member, texts.emplace_back());
  std::ranges::sort(texts);
  out.append("{\"").append(type).append("\":[");
  for (const std::string& text : texts) {
    if (&text != texts.data()) out += ',';
    out += text;
  }
  out += "]}";
}

void append_sorted_map(const AttributeValue::Map& map, std::string& out) {
  std::vector<const core::MapMember*> members;
  members.reserve(map.size());
  for (const core::MapMember& member : map) members.push_back(&member);
  std::ranges::sort(members, {}, &core::MapMember::name);
  out += R"({"M":{)";
  for (const core::MapMember* member : members) {
    if (member != members.front()) out += ',';
    append_string(member->name, out);
    out += ':';
    append_sorted_value(member->value, out);
  }
  out += "}}";
}

void append_sorted_list(const AttributeValue::List& list, std::string& out) {
  out += R"({"L":[)";
  for (const AttributeValue& element : list) {
    if (&element != list.data()) out += ',';
    append_sorted_value(element, out);
  }
  out += "]}";
}

}  // namespace

void append_sorted_value(const AttributeValue& value, std::string& out) {
  if (const auto* map = value.get_if<AttributeValue::Map>()) {
    append_sorted_map(*map, out);
  } else if (const auto* list = value.get_if<AttributeValue::List>()) {
    append_sorted_list(*list, out);
  } else if (const auto* strings = value.get_if<AttributeValue::StringSet>()) {
    append_sorted_set("SS", strings->members, append_string, out);
  } else if (const auto* numbers = value.get_if<AttributeValue::NumberSet>()) {
    const auto append = [](const core::Number& number, std::string& text) { append_string(number.to_string(), text); };
    append_sorted_set("NS", numbers->members, append, out);
  } else if (const auto* binaries = value.get_if<AttributeValue::BinarySet>()) {
    const auto append = [](const std::string& bytes, std::string& text) {
      append_string(core::base64_encode(bytes), text);
    };
    append_sorted_set("BS", binaries->members, append, out);
  } else {
    append_value(value, out);
  }
}

}  // namespace stator::json
