#include "engine/json_row.h"

namespace stator::engine {

void put_attributes(ObjectOut& parent, std::string_view name, const std::vector<core::KeyAttribute>& attributes) {
  json::Writer& writer = parent.key(name);
  writer.StartArray();
  for (const core::KeyAttribute& attribute : attributes) {
    ObjectOut out = parent.element(name, attribute.name);
    out.put("name", attribute.name);
    out.put("type", core::type_name(attribute.type));
    out.end();
  }
  writer.EndArray();
}

void put_schema(ObjectOut& parent, const core::KeySchema& schema) {
  ObjectOut out = parent.object("key_schema");
  put_attributes(out, "hash", schema.hash);
  put_attributes(out, "range", schema.range);
  out.end();
}

void get_attributes(ObjectIn& in, std::string_view name, std::vector<core::KeyAttribute>& target,
                    std::string_view place, UnknownMembers& unknown) {
  in.for_each(name, [&](const json::Value& element) {
    ObjectIn attribute(element);
    std::string type;
    core::KeyAttribute read;
    attribute.get("name", read.name);
    attribute.get("type", type);
    const std::optional<core::AttributeType> known = core::type_from_name(type);
    if (!known) throw std::runtime_error("an unknown attribute type");
    read.type = *known;
    attribute.keep_unknown(place_of(place, name, read.name), unknown);
    target.push_back(std::move(read));
  });
}

void get_schema(ObjectIn& in, core::KeySchema& target, std::string_view parent, UnknownMembers& unknown) {
  json::Value value;
  if (!in.find("key_schema", value)) throw std::runtime_error("no key schema");
  ObjectIn schema(value);
  std::string place = place_of(parent, "key_schema");
  get_attributes(schema, "hash", target.hash, place, unknown);
  get_attributes(schema, "range", target.range, place, unknown);
  schema.keep_unknown(std::move(place), unknown);
}

}  // namespace stator::engine
