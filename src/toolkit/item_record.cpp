#include "toolkit/item_record.h"

#include "core/attribute_value.h"
#include "json/item.h"
#include "toolkit/json_documents.h"

namespace stator::toolkit {
namespace {

bool is_wire_value(const json::Value& value) {
  json::Object typed;
  return value.get(typed) == simdjson::SUCCESS && typed.size() == 1 &&
         core::type_from_name((*typed.begin()).key).has_value();
}

}  // namespace

void check_keys(const TableInfo& table, const std::string& item, std::uint64_t line) {
  json::Parser parser;
  const json::Object object = parser.parse(item).get_object().value();
  for (const KeyColumn* column : {&table.partition_key, &table.sort_key}) {
    if (column->name.empty()) continue;
    json::Value value;
    json::Object content;
    if (!json::find_member(object, column->name, value))
      throw BadItem(line, "the key attribute " + column->name + " (" + column->type + ") is missing");
    if (value.get(content) != simdjson::SUCCESS || content.begin() == content.end()) continue;
    const std::string type((*content.begin()).key);
    if (type != column->type)
      throw BadItem(line, "the key attribute " + column->name + " is of type " + type + ", not " + column->type);
  }
}

json::Object unwrapped(json::Object object, std::string_view partition_key) {
  for (const char* name : {"PutRequest", "Item"}) {
    json::Value wrapped;
    json::Object inner;
    if (object.size() == 1 && json::find_member(object, name, wrapped) && wrapped.get(inner) == simdjson::SUCCESS &&
        partition_key != name)
      object = inner;
  }
  return object;
}

bool is_item_record(const TableInfo& table, std::string_view text) {
  json::Parser parser;
  json::Object object;
  json::Value member;
  if (!parse_object(parser, text, object)) return false;
  object = unwrapped(object, table.partition_key.name);
  return json::find_member(object, table.partition_key.name, member) && is_wire_value(member);
}

std::string item_of_record(const TableInfo& table, std::string_view text, std::uint64_t line) {
  json::Parser parser;
  json::Object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) throw BadItem(line, "expected a JSON object");
  object = unwrapped(object, table.partition_key.name);
  for (const auto member : object) {
    if (!is_wire_value(member.value))
      throw BadItem(line, "attribute " + std::string(member.key) + " is no value of DynamoDB's JSON ({\"S\": …})");
  }
  std::string item = json::normalise_item(object).json;
  check_keys(table, item, line);
  return item;
}

}  // namespace stator::toolkit
