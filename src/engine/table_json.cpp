#include "engine/table_json.h"

#include <stdexcept>

#include "json/reader.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

// The numbers of enums at rest are those of their declarations; new ones are only added at the end.

class ObjectOut {
 public:
  explicit ObjectOut(json::Writer& writer) : writer_(writer) { writer_.StartObject(); }
  ~ObjectOut() { writer_.EndObject(); }
  ObjectOut(const ObjectOut&) = delete;
  ObjectOut& operator=(const ObjectOut&) = delete;

  json::Writer& key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return writer_;
  }
  void put(std::string_view name, const std::string& text) { put_text(key(name), text); }
  void put(std::string_view name, std::int64_t number) { key(name).Int64(number); }
  void put(std::string_view name, bool value) { key(name).Bool(value); }
  void put(std::string_view name, const std::optional<std::int64_t>& number) {
    if (number) key(name).Int64(*number);
  }
  static void put_text(json::Writer& writer, std::string_view text) {
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }

 private:
  json::Writer& writer_;
};

void put_attributes(json::Writer& writer, const std::vector<core::KeyAttribute>& attributes) {
  writer.StartArray();
  for (const core::KeyAttribute& attribute : attributes) {
    ObjectOut out(writer);
    out.put("name", attribute.name);
    ObjectOut::put_text(out.key("type"), core::type_name(attribute.type));
  }
  writer.EndArray();
}

void put_schema(json::Writer& writer, const core::KeySchema& schema) {
  ObjectOut out(writer);
  put_attributes(out.key("hash"), schema.hash);
  put_attributes(out.key("range"), schema.range);
}

void put_throughput(json::Writer& writer, const Throughput& throughput) {
  ObjectOut out(writer);
  out.put("read", throughput.read_units);
  out.put("write", throughput.write_units);
  out.put("last_increase_ms", throughput.last_increase_ms);
  out.put("last_decrease_ms", throughput.last_decrease_ms);
  out.put("decreases_today", throughput.decreases_today);
}

void put_limits(json::Writer& writer, const ThroughputLimits& limits) {
  ObjectOut out(writer);
  out.put("read", limits.read_units);
  out.put("write", limits.write_units);
}

void put_index(json::Writer& writer, const Index& index) {
  ObjectOut out(writer);
  out.put("name", index.name);
  out.put("global", index.global);
  put_schema(out.key("key_schema"), index.key_schema);
  out.put("projection", static_cast<std::int64_t>(index.projection));
  out.key("non_key_attributes").StartArray();
  for (const std::string& name : index.non_key_attributes) ObjectOut::put_text(writer, name);
  writer.EndArray();
  put_throughput(out.key("throughput"), index.throughput);
  put_limits(out.key("on_demand"), index.on_demand);
  put_limits(out.key("warm"), index.warm);
  out.put("space", static_cast<std::int64_t>(index.space));
  out.put("status", static_cast<std::int64_t>(index.status));
  out.put("status_until_ms", index.status_until_ms);
  out.put("backfilling", index.backfilling);
}

/// Reads members; absent ones leave the target as it is, so that rows of earlier versions can be read.
class ObjectIn {
 public:
  explicit ObjectIn(const json::Value& value) {
    if (value.get(object_) != simdjson::SUCCESS) throw std::runtime_error("an object was expected");
  }

  bool find(std::string_view name, json::Value& value) const { return json::find_member(object_, name, value); }

  void get(std::string_view name, std::string& target) const {
    json::Value value;
    if (find(name, value)) target = text(value);
  }
  void get(std::string_view name, std::int64_t& target) const {
    json::Value value;
    if (find(name, value) && value.get(target) != simdjson::SUCCESS) throw std::runtime_error("a number was expected");
  }
  void get(std::string_view name, bool& target) const {
    json::Value value;
    if (find(name, value) && value.get(target) != simdjson::SUCCESS) throw std::runtime_error("a boolean was expected");
  }
  void get(std::string_view name, std::optional<std::int64_t>& target) const {
    json::Value value;
    if (!find(name, value)) return;
    target = 0;
    get(name, *target);
  }
  void get(std::string_view name, store::SpaceId& target) const {
    std::int64_t number = target;
    get(name, number);
    target = static_cast<store::SpaceId>(number);
  }
  template <class Enum>
  void get_enum(std::string_view name, Enum& target, Enum last) const {
    auto number = static_cast<std::int64_t>(target);
    get(name, number);
    if (number < 0 || number > static_cast<std::int64_t>(last)) throw std::runtime_error("an unknown enum value");
    target = static_cast<Enum>(number);
  }
  template <class Visit>
  void for_each(std::string_view name, Visit visit) const {
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
};

void get_attributes(const ObjectIn& in, std::string_view name, std::vector<core::KeyAttribute>& target) {
  in.for_each(name, [&target](const json::Value& element) {
    const ObjectIn attribute(element);
    std::string type;
    core::KeyAttribute read;
    attribute.get("name", read.name);
    attribute.get("type", type);
    const std::optional<core::AttributeType> known = core::type_from_name(type);
    if (!known) throw std::runtime_error("an unknown attribute type");
    read.type = *known;
    target.push_back(std::move(read));
  });
}

void get_schema(const ObjectIn& in, core::KeySchema& target) {
  json::Value value;
  if (!in.find("key_schema", value)) throw std::runtime_error("no key schema");
  const ObjectIn schema(value);
  get_attributes(schema, "hash", target.hash);
  get_attributes(schema, "range", target.range);
}

void get_throughput(const ObjectIn& in, Throughput& target) {
  json::Value value;
  if (!in.find("throughput", value)) return;
  const ObjectIn throughput(value);
  throughput.get("read", target.read_units);
  throughput.get("write", target.write_units);
  throughput.get("last_increase_ms", target.last_increase_ms);
  throughput.get("last_decrease_ms", target.last_decrease_ms);
  throughput.get("decreases_today", target.decreases_today);
}

void get_limits(const ObjectIn& in, std::string_view name, ThroughputLimits& target) {
  json::Value value;
  if (!in.find(name, value)) return;
  const ObjectIn limits(value);
  limits.get("read", target.read_units);
  limits.get("write", target.write_units);
}

Index get_index(const json::Value& value) {
  const ObjectIn in(value);
  Index index;
  in.get("name", index.name);
  in.get("global", index.global);
  get_schema(in, index.key_schema);
  in.get_enum("projection", index.projection, ProjectionType::kInclude);
  in.for_each("non_key_attributes",
              [&index](const json::Value& name) { index.non_key_attributes.push_back(ObjectIn::text(name)); });
  get_throughput(in, index.throughput);
  get_limits(in, "on_demand", index.on_demand);
  get_limits(in, "warm", index.warm);
  in.get("space", index.space);
  in.get_enum("status", index.status, TableStatus::kDeleting);
  in.get("status_until_ms", index.status_until_ms);
  in.get("backfilling", index.backfilling);
  return index;
}

}  // namespace

std::string table_to_json(const Table& table) {
  std::string text;
  json::StringSink sink(text);
  json::Writer writer(sink);
  {
    ObjectOut out(writer);
    out.put("name", table.name);
    out.put("id", table.id);
    put_schema(out.key("key_schema"), table.key_schema);
    put_attributes(out.key("attribute_definitions"), table.attribute_definitions);
    out.put("billing_mode", static_cast<std::int64_t>(table.billing_mode));
    out.put("last_pay_per_request_ms", table.last_pay_per_request_ms);
    put_throughput(out.key("throughput"), table.throughput);
    put_limits(out.key("on_demand"), table.on_demand);
    put_limits(out.key("warm"), table.warm);
    out.key("indexes").StartArray();
    for (const Index& index : table.indexes) put_index(writer, index);
    writer.EndArray();
    out.put("deletion_protection", table.deletion_protection);
    out.put("table_class", table.table_class);
    out.put("sse_kms_key", table.sse_kms_key);
    out.put("sse_enabled", table.sse_enabled);
    out.put("stream_view_type", table.stream_view_type);
    out.put("stream_label", table.stream_label);
    out.put("ttl_attribute", table.ttl_attribute);
    out.key("tags").StartArray();
    for (const auto& [key, value] : table.tags) {
      ObjectOut tag(writer);
      tag.put("key", key);
      tag.put("value", value);
    }
    writer.EndArray();
    out.put("created_ms", table.created_ms);
    out.put("status", static_cast<std::int64_t>(table.status));
    out.put("status_until_ms", table.status_until_ms);
    out.put("space", static_cast<std::int64_t>(table.space));
  }
  return text;
}

Table table_from_json(std::string_view text) {
  json::Parser parser;
  const ObjectIn in(parser.parse(text));
  Table table;
  in.get("name", table.name);
  in.get("id", table.id);
  get_schema(in, table.key_schema);
  get_attributes(in, "attribute_definitions", table.attribute_definitions);
  in.get_enum("billing_mode", table.billing_mode, BillingMode::kPayPerRequest);
  in.get("last_pay_per_request_ms", table.last_pay_per_request_ms);
  get_throughput(in, table.throughput);
  get_limits(in, "on_demand", table.on_demand);
  get_limits(in, "warm", table.warm);
  in.for_each("indexes", [&table](const json::Value& value) { table.indexes.push_back(get_index(value)); });
  in.get("deletion_protection", table.deletion_protection);
  in.get("table_class", table.table_class);
  in.get("sse_kms_key", table.sse_kms_key);
  in.get("sse_enabled", table.sse_enabled);
  in.get("stream_view_type", table.stream_view_type);
  in.get("stream_label", table.stream_label);
  in.get("ttl_attribute", table.ttl_attribute);
  in.for_each("tags", [&table](const json::Value& value) {
    const ObjectIn tag(value);
    std::pair<std::string, std::string> read;
    tag.get("key", read.first);
    tag.get("value", read.second);
    table.tags.push_back(std::move(read));
  });
  in.get("created_ms", table.created_ms);
  in.get_enum("status", table.status, TableStatus::kDeleting);
  in.get("status_until_ms", table.status_until_ms);
  in.get("space", table.space);
  return table;
}

}  // namespace stator::engine
