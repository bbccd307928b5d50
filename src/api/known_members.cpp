#include "api/known_members.h"

#include <map>
#include <string_view>

#include "api/reply.h"
#include "json/scalars.h"

namespace stator::api {
namespace {

using shapes::Kind;
using shapes::Shape;

void append_known(const json::Value& value, const Shape& shape, std::string& out);

void append_structure(const json::Object& object, const Shape& shape, std::string& out) {
  ObjectWriter writer(out);
  for (const shapes::Member& member : shape.members) {
    json::Value value;
    if (json::find_member(object, member.name, value)) append_known(value, *member.shape, writer.key(member.name));
  }
  writer.end();
}

void append_map(const json::Object& object, const Shape& shape, std::string& out) {
  std::map<std::string_view, json::Value> sorted;
  for (const auto [name, value] : object) sorted.insert_or_assign(name, value);
  ObjectWriter writer(out);
  for (const auto& [name, value] : sorted) append_known(value, *shape.element, writer.member(name));
  writer.end();
}

void append_known(const json::Value& value, const Shape& shape, std::string& out) {
  switch (shape.kind) {
    case Kind::kStructure:
      return append_structure(value.get_object(), shape, out);
    case Kind::kMap:
      return append_map(value.get_object(), shape, out);
    case Kind::kList: {
      ArrayWriter list(out);
      for (const auto element : value.get_array()) append_known(element, *shape.element, list.element());
      return list.end();
    }
    case Kind::kBoolean:
      out += json::read_boolean(value) ? "true" : "false";
      return;
    case Kind::kInteger:
    case Kind::kLong:
      out += std::to_string(json::read_integer(value));
      return;
    default:
      out += simdjson::minify(value);
  }
}

}  // namespace

std::string known_members(const json::Object& object, const shapes::Shape& structure) {
  std::string text;
  append_structure(object, structure, text);
  return text;
}

}  // namespace stator::api
