#include "engine/table_json.h"

#include <algorithm>
#include <stdexcept>

#include "json/reader.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

// The numbers of enums at rest are those of their declarations; new ones are only added at the end.

std::string place_of(std::string_view parent, std::string_view name) {
  std::string place(parent);
  if (!place.empty()) place += '/';
  return place.append(name);
}

std::string place_of(std::string_view parent, std::string_view name, std::string_view element) {
  return place_of(place_of(parent, name), element);
}

/// One object of the row: the members that are put, then those that were there and are not known.
class ObjectOut {
 public:
  ObjectOut(json::Writer& writer, const UnknownMembers& unknown, std::string place)
      : writer_(writer), unknown_(unknown), place_(std::move(place)) {
    writer_.StartObject();
  }
  ObjectOut(const ObjectOut&) = delete;
  ObjectOut& operator=(const ObjectOut&) = delete;

  json::Writer& key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return writer_;
  }
  void put(std::string_view name, std::string_view text) { put_text(key(name), text); }
  void put(std::string_view name, std::int64_t number) { key(name).Int64(number); }
  void put(std::string_view name, bool value) { key(name).Bool(value); }
  void put(std::string_view name, const std::optional<std::int64_t>& number) {
    if (number) key(name).Int64(*number);
  }
  static void put_text(json::Writer& writer, std::string_view text) {
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  /// Begins the object that is the member `name`.
  ObjectOut object(std::string_view name) {
    key(name);
    return {writer_, unknown_, place_of(place_, name)};
  }
  /// Begins an element of the array that is the member `name`; `element` tells it from its neighbours.
  ObjectOut element(std::string_view name, std::string_view element) {
    return {writer_, unknown_, place_of(place_, name, element)};
  }
  void end() {
    const auto unknown = unknown_.find(place_);
    if (unknown != unknown_.end()) {
      for (const UnknownMember& member : unknown->second) {
        key(member.name).RawValue(member.json.data(), member.json.size(), rapidjson::kObjectType);
      }
    }
    writer_.EndObject();
  }

 private:
  json::Writer& writer_;
  const UnknownMembers& unknown_;
  const std::string place_;
};

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

void put_throughput(ObjectOut& parent, const Throughput& throughput) {
  ObjectOut out = parent.object("throughput");
  out.put("read", throughput.read_units);
  out.put("write", throughput.write_units);
  out.put("last_increase_ms", throughput.last_increase_ms);
  out.put("last_decrease_ms", throughput.last_decrease_ms);
  out.put("decreases_today", throughput.decreases_today);
  out.end();
}

void put_limits(ObjectOut& parent, std::string_view name, const ThroughputLimits& limits) {
  ObjectOut out = parent.object(name);
  out.put("read", limits.read_units);
  out.put("write", limits.write_units);
  out.end();
}

void put_index(ObjectOut& parent, const Index& index) {
  ObjectOut out = parent.element("indexes", std::to_string(index.space));
  out.put("name", index.name);
  out.put("global", index.global);
  put_schema(out, index.key_schema);
  out.put("projection", static_cast<std::int64_t>(index.projection));
  json::Writer& writer = out.key("non_key_attributes");
  writer.StartArray();
  for (const std::string& name : index.non_key_attributes) ObjectOut::put_text(writer, name);
  writer.EndArray();
  put_throughput(out, index.throughput);
  put_limits(out, "on_demand", index.on_demand);
  put_limits(out, "warm", index.warm);
  out.put("space", static_cast<std::int64_t>(index.space));
  out.put("status", static_cast<std::int64_t>(index.status));
  out.put("status_until_ms", index.status_until_ms);
  out.put("backfilling", index.backfilling);
  out.end();
}

/// Reads members; absent ones leave the target as it is, so that rows of earlier versions can be read. A member that
/// nobody asked for is one that this version does not know.
class ObjectIn {
 public:
  explicit ObjectIn(const json::Value& value) {
    if (value.get(object_) != simdjson::SUCCESS) throw std::runtime_error("an object was expected");
  }

  bool find(std::string_view name, json::Value& value) {
    asked_.push_back(name);
    return json::find_member(object_, name, value);
  }
  /// To be called when everything known was asked for.
  void keep_unknown(std::string place, UnknownMembers& unknown) const {
    std::vector<UnknownMember> members;
    for (const auto [name, value] : object_) {
      if (std::ranges::find(asked_, name) != asked_.end()) continue;
      members.push_back({std::string(name), simdjson::minify(value)});
    }
    if (!members.empty()) unknown.emplace(std::move(place), std::move(members));
  }

  void get(std::string_view name, std::string& target) {
    json::Value value;
    if (find(name, value)) target = text(value);
  }
  void get(std::string_view name, std::int64_t& target) {
    json::Value value;
    if (find(name, value) && value.get(target) != simdjson::SUCCESS) throw std::runtime_error("a number was expected");
  }
  void get(std::string_view name, bool& target) {
    json::Value value;
    if (find(name, value) && value.get(target) != simdjson::SUCCESS) throw std::runtime_error("a boolean was expected");
  }
  void get(std::string_view name, std::optional<std::int64_t>& target) {
    json::Value value;
    if (!find(name, value)) return;
    target = 0;
    get(name, *target);
  }
  void get(std::string_view name, store::SpaceId& target) {
    std::int64_t number = target;
    get(name, number);
    target = static_cast<store::SpaceId>(number);
  }
  template <class Enum>
  void get_enum(std::string_view name, Enum& target, Enum last) {
    auto number = static_cast<std::int64_t>(target);
    get(name, number);
    if (number < 0 || number > static_cast<std::int64_t>(last)) throw std::runtime_error("an unknown enum value");
    target = static_cast<Enum>(number);
  }
  template <class Visit>
  void for_each(std::string_view name, Visit visit) {
    json::Value value;
    if (!find(name, value)) return;
    json::Array array;
    if (value.get(array) != simdjson::SUCCESS) throw std::runtime_error("an array was expected");
    for (const json::Value element : array) visit(element);
  }
  static std::string text(const json::Value& value) {
    std::string_view bytes;
    if (value.get(bytes) != simdjson::SUCCESS) throw std::runtime_error("a string was expected");
    return std::string(bytes);
  }

 private:
  json::Object object_;
  std::vector<std::string_view> asked_;
};

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

void get_throughput(ObjectIn& in, Throughput& target, std::string_view parent, UnknownMembers& unknown) {
  json::Value value;
  if (!in.find("throughput", value)) return;
  ObjectIn throughput(value);
  throughput.get("read", target.read_units);
  throughput.get("write", target.write_units);
  throughput.get("last_increase_ms", target.last_increase_ms);
  throughput.get("last_decrease_ms", target.last_decrease_ms);
  throughput.get("decreases_today", target.decreases_today);
  throughput.keep_unknown(place_of(parent, "throughput"), unknown);
}

void get_limits(ObjectIn& in, std::string_view name, ThroughputLimits& target, std::string_view parent,
                UnknownMembers& unknown) {
  json::Value value;
  if (!in.find(name, value)) return;
  ObjectIn limits(value);
  limits.get("read", target.read_units);
  limits.get("write", target.write_units);
  limits.keep_unknown(place_of(parent, name), unknown);
}

Index get_index(const json::Value& value, UnknownMembers& unknown) {
  ObjectIn in(value);
  Index index;
  in.get("space", index.space);
  std::string place = place_of("", "indexes", std::to_string(index.space));
  in.get("name", index.name);
  in.get("global", index.global);
  get_schema(in, index.key_schema, place, unknown);
  in.get_enum("projection", index.projection, ProjectionType::kInclude);
  in.for_each("non_key_attributes",
              [&index](const json::Value& name) { index.non_key_attributes.push_back(ObjectIn::text(name)); });
  get_throughput(in, index.throughput, place, unknown);
  get_limits(in, "on_demand", index.on_demand, place, unknown);
  get_limits(in, "warm", index.warm, place, unknown);
  in.get_enum("status", index.status, TableStatus::kDeleting);
  in.get("status_until_ms", index.status_until_ms);
  in.get("backfilling", index.backfilling);
  in.keep_unknown(std::move(place), unknown);
  return index;
}

}  // namespace

std::string table_to_json(const Table& table) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  ObjectOut out(writer, table.unknown_members, "");
  out.put("name", table.name);
  out.put("id", table.id);
  put_schema(out, table.key_schema);
  put_attributes(out, "attribute_definitions", table.attribute_definitions);
  out.put("billing_mode", static_cast<std::int64_t>(table.billing_mode));
  out.put("last_pay_per_request_ms", table.last_pay_per_request_ms);
  put_throughput(out, table.throughput);
  put_limits(out, "on_demand", table.on_demand);
  put_limits(out, "warm", table.warm);
  out.key("indexes").StartArray();
  for (const Index& index : table.indexes) put_index(out, index);
  writer.EndArray();
  out.put("deletion_protection", table.deletion_protection);
  out.put("table_class", table.table_class);
  out.put("table_class_ms", table.table_class_ms);
  out.put("sse_kms_key", table.sse_kms_key);
  out.put("sse_enabled", table.sse_enabled);
  out.put("stream_view_type", table.stream_view_type);
  out.put("stream_label", table.stream_label);
  out.put("ttl_attribute", table.ttl_attribute);
  if (table.ttl_space != 0) {
    out.put("ttl_space", static_cast<std::int64_t>(table.ttl_space));
    out.put("ttl_building", table.ttl_building);
  }
  out.key("tags").StartArray();
  for (const auto& [key, value] : table.tags) {
    ObjectOut tag = out.element("tags", key);
    tag.put("key", key);
    tag.put("value", value);
    tag.end();
  }
  writer.EndArray();
  out.put("created_ms", table.created_ms);
  out.put("status", static_cast<std::int64_t>(table.status));
  out.put("status_until_ms", table.status_until_ms);
  out.put("space", static_cast<std::int64_t>(table.space));
  out.end();
  return text;
}

Table table_from_json(std::string_view text) {
  json::Parser parser;
  ObjectIn in(parser.parse(text));
  Table table;
  UnknownMembers& unknown = table.unknown_members;
  in.get("name", table.name);
  in.get("id", table.id);
  get_schema(in, table.key_schema, "", unknown);
  get_attributes(in, "attribute_definitions", table.attribute_definitions, "", unknown);
  in.get_enum("billing_mode", table.billing_mode, BillingMode::kPayPerRequest);
  in.get("last_pay_per_request_ms", table.last_pay_per_request_ms);
  get_throughput(in, table.throughput, "", unknown);
  get_limits(in, "on_demand", table.on_demand, "", unknown);
  get_limits(in, "warm", table.warm, "", unknown);
  in.for_each("indexes", [&](const json::Value& value) { table.indexes.push_back(get_index(value, unknown)); });
  in.get("deletion_protection", table.deletion_protection);
  in.get("table_class", table.table_class);
  in.get("table_class_ms", table.table_class_ms);
  in.get("sse_kms_key", table.sse_kms_key);
  in.get("sse_enabled", table.sse_enabled);
  in.get("stream_view_type", table.stream_view_type);
  in.get("stream_label", table.stream_label);
  in.get("ttl_attribute", table.ttl_attribute);
  in.get("ttl_space", table.ttl_space);
  in.get("ttl_building", table.ttl_building);
  in.for_each("tags", [&](const json::Value& value) {
    ObjectIn tag(value);
    std::pair<std::string, std::string> read;
    tag.get("key", read.first);
    tag.get("value", read.second);
    tag.keep_unknown(place_of("", "tags", read.first), unknown);
    table.tags.push_back(std::move(read));
  });
  in.get("created_ms", table.created_ms);
  in.get_enum("status", table.status, TableStatus::kDeleting);
  in.get("status_until_ms", table.status_until_ms);
  in.get("space", table.space);
  in.keep_unknown("", unknown);
  return table;
}

}  // namespace stator::engine
