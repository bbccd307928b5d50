#include "api/canonical_request.h"

#include <map>

#include "api/call.h"
#include "api/reply.h"
#include "json/canonical.h"
#include "json/item.h"
#include "json/writer.h"

namespace stator::api {
namespace {

/// Appends a map of attribute values as `{"M":{…}}`.
void append_attributes(const json::Object& wire, std::string& out) {
  std::string map = R"({"M":)";
  map += json::normalise_item(wire, json::kTransactionRules).json;
  map += '}';
  json::append_sorted_value(json::parse_stored(map), out);
}

/// Appends a map of strings; of several members with the same name, the last counts.
void append_strings(const json::Object& wire, std::string& out) {
  std::map<std::string_view, std::string_view> sorted;
  for (const auto [name, value] : wire) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) sorted[name] = text;
  }
  ObjectWriter writer(out);
  for (const auto& [name, text] : sorted) json::append_string(text, writer.member(name));
  writer.end();
}

}  // namespace

void append_canonical_action(std::string_view kind, const Members& action, std::string& out) {
  ObjectWriter canonical(out);
  canonical.text("Action", kind);
  canonical.text("TableName", table_name(action));
  for (const char* name : {"Item", "Key", "ExpressionAttributeValues"}) {
    if (const auto attributes = action.object(name)) append_attributes(*attributes, canonical.key(name));
  }
  if (const auto names = action.object("ExpressionAttributeNames")) {
    append_strings(*names, canonical.key("ExpressionAttributeNames"));
  }
  for (const char* name : {"UpdateExpression", "ConditionExpression"}) {
    if (const auto text = action.text(name)) canonical.text(name, *text);
  }
  if (action.text("ReturnValuesOnConditionCheckFailure") == "ALL_OLD") canonical.flag("ReturnsItemOnFailure", true);
  canonical.end();
}

}  // namespace stator::api
