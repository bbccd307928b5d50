#include "toolkit/item_edit.h"

#include "json/item.h"
#include "json/writer.h"
#include "toolkit/expression_words.h"

namespace stator::toolkit {
namespace {

/// A condition may have 4 KB and 300 operators; each attribute takes some 30 bytes and two operators.
constexpr std::size_t kMaxWatched = 100;
/// The limit for the parts of one attribute.
constexpr std::size_t kMaxLeaves = 60;

std::string normalised(std::string_view item_json) {
  json::Parser parser;
  json::Object object;
  if (parser.parse(item_json).get(object) != simdjson::SUCCESS) throw WordError("expected an item");
  return json::normalise_item(object).json;
}

std::string wire_of(const core::AttributeValue& value) {
  std::string out;
  json::append_value(value, out);
  return out;
}

/// The attribute names of an item in wire form, unescaped; those in a parsed item are escaped.
std::vector<std::string> names_of(std::string_view item_json) {
  std::vector<std::string> names;
  json::Parser parser;
  const json::Object item = parser.parse(item_json).get_object().value();
  for (const auto member : item) names.emplace_back(member.key);
  return names;
}

/// Adds conditions that hold if the value at `path` is `value`, without comparing whole lists and maps.
void watch_leaves(const std::string& path, const core::AttributeValue& value, ExpressionWords& words,
                  std::vector<std::string>& conditions) {
  if (conditions.size() >= kMaxLeaves) return;
  const auto has_size = [&](std::size_t size) {
    conditions.push_back("size(" + path + ") = " + words.value("{\"N\":\"" + std::to_string(size) + "\"}"));
  };
  if (const auto* map = value.get_if<core::AttributeValue::Map>()) {
    has_size(map->size());
    for (const auto& member : *map) watch_leaves(path + "." + words.name(member.name), member.value, words, conditions);
  } else if (const auto* list = value.get_if<core::AttributeValue::List>()) {
    has_size(list->size());
    for (std::size_t i = 0; i < list->size(); ++i)
      watch_leaves(path + "[" + std::to_string(i) + "]", (*list)[i], words, conditions);
  } else {
    conditions.push_back(path + " = " + words.value(wire_of(value)));
  }
}

}  // namespace

bool same_items(std::string_view one, std::string_view other) {
  const std::string first = normalised(one);
  const std::string second = normalised(other);
  return json::Item(first).holds_same(json::Item(second));
}

ItemChange change_item(const TableInfo& table, std::string_view before, std::string_view after, Watch watch) {
  const std::string old_json = normalised(before);
  const std::string new_json = normalised(after);
  const json::Item old_item(old_json);
  const json::Item new_item(new_json);
  for (const std::string& key : table.key_names()) {
    const core::AttributeValue* was = old_item.find(key);
    const core::AttributeValue* is = new_item.find(key);
    if (was == nullptr || is == nullptr || !(*was == *is))
      throw WordError("the key attribute " + key + " cannot be changed: put a new item and delete this one");
  }
  ItemChange change;
  ExpressionWords words;
  std::string set;
  std::string remove;
  std::vector<std::string> conditions;
  const bool watches_all = old_item.attribute_count() <= kMaxWatched;
  for (const std::string& name : names_of(old_json)) {
    const core::AttributeValue& was = *old_item.find(name);
    const core::AttributeValue* is = new_item.find(name);
    const bool is_same = is != nullptr && was == *is;
    if (is_same && !watches_all) continue;
    const std::string placeholder = words.name(name);
    if (watch == Watch::kWhole) {
      conditions.push_back(placeholder + " = " + words.value(wire_of(was)));
    } else if (std::vector<std::string> leaves; conditions.size() < kMaxWatched) {
      watch_leaves(placeholder, was, words, leaves);
      conditions.insert(conditions.end(), leaves.begin(), leaves.end());
    }
    if (is_same) continue;
    if (is == nullptr) {
      remove += (remove.empty() ? "REMOVE " : ", ") + placeholder;
      ++change.removed;
    } else {
      set += (set.empty() ? "SET " : ", ") + placeholder + " = " + words.value(wire_of(*is));
      ++change.set;
    }
  }
  for (const std::string& name : names_of(new_json)) {
    if (old_item.find(name) != nullptr) continue;
    const std::string placeholder = words.name(name);
    conditions.push_back("attribute_not_exists(" + placeholder + ")");
    set += (set.empty() ? "SET " : ", ") + placeholder + " = " + words.value(wire_of(*new_item.find(name)));
    ++change.set;
  }
  if (change.set == 0 && change.removed == 0) return change;
  RequestBuilder request;
  request.text("TableName", table.name).json("Key", key_of_item(table, before));
  request.text("UpdateExpression", set + (set.empty() || remove.empty() ? "" : " ") + remove);
  std::string condition;
  for (const std::string& each : conditions) condition += (condition.empty() ? "" : " AND ") + each;
  request.text("ConditionExpression", condition);
  words.add_to(request);
  change.request = request.text("ReturnConsumedCapacity", "TOTAL").str();
  return change;
}

}  // namespace stator::toolkit
