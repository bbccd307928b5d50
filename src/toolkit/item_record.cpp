#include "toolkit/item_record.h"

#include <utility>

#include "core/attribute_value.h"
#include "json/item.h"
#include "toolkit/expression_words.h"
#include "toolkit/json_documents.h"

namespace stator::toolkit {
namespace {

bool is_wire_value(const json::Value& value) {
  json::Object typed;
  return value.get(typed) == simdjson::SUCCESS && typed.size() == 1 &&
         core::type_from_name((*typed.begin()).key).has_value();
}

bool find_object(const json::Object& object, std::string_view name, json::Object& found) {
  json::Value value;
  return json::find_member(object, name, value) && value.get(found) == simdjson::SUCCESS;
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

Unwrapped unwrap(const json::Object& record, std::string_view partition_key) {
  Unwrapped found{.attributes = record};
  json::Value unused;
  json::Object inner;
  while (!json::find_member(found.attributes, partition_key, unused)) {
    const json::Object outer = found.attributes;
    const bool is_alone = outer.size() == 1;
    const bool is_change = find_object(outer, "Keys", inner) && find_object(outer, "Metadata", inner);
    const bool holds_item = (is_alone && (find_object(outer, "PutRequest", inner) ||
                                          find_object(outer, "Item", inner) || find_object(outer, "Record", inner))) ||
                            (is_change && find_object(outer, "NewImage", inner));
    const bool holds_key =
        !holds_item && ((is_alone && find_object(outer, "DeleteRequest", inner) && find_object(inner, "Key", inner)) ||
                        (is_change && find_object(outer, "Keys", inner)));
    if (!holds_item && !holds_key) return found;
    found.attributes = inner;
    found.is_deletion = found.is_deletion || holds_key;
    found.is_wrapped = true;
  }
  return found;
}

bool is_item_record(const TableInfo& table, std::string_view text) {
  json::Parser parser;
  json::Object object;
  json::Value member;
  if (!parse_object(parser, text, object)) return false;
  object = unwrap(object, table.partition_key.name).attributes;
  return json::find_member(object, table.partition_key.name, member) && is_wire_value(member);
}

ItemChange change_of_record(const TableInfo& table, std::string_view text, std::uint64_t line) {
  json::Parser parser;
  json::Object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) throw BadItem(line, "expected a JSON object");
  const Unwrapped record = unwrap(object, table.partition_key.name);
  for (const auto member : record.attributes) {
    if (!is_wire_value(member.value))
      throw BadItem(line, "attribute " + std::string(member.key) + " is not a value in DynamoDB JSON ({\"S\": …})");
  }
  std::string item = json::normalise_item(record.attributes).json;
  check_keys(table, item, line);
  if (record.is_deletion) item = key_of_item(table, item);
  return {std::move(item), record.is_deletion};
}

}  // namespace stator::toolkit
