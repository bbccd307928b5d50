#include "toolkit/table_diff.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include "json/item.h"
#include "toolkit/call.h"
#include "toolkit/expression_words.h"
#include "toolkit/scan.h"
#include "toolkit/table_checksum.h"

namespace stator::toolkit {
namespace {

/// The key of an item as text: its attributes in the schema's order, normalised.
std::string key_text(const TableInfo& table, const json::Object& item) {
  std::string text;
  for (const std::string& name : table.key_names()) {
    json::Value value;
    if (!json::find_member(item, name, value)) throw std::runtime_error("an item lacks the key attribute " + name);
    json::append_normalised(value, text);
  }
  return text;
}

struct HashOfHash {
  std::size_t operator()(const ItemHash& hash) const { return hash.high; }
};
struct SourceItem {
  ItemHash hash;
  bool seen = false;
};
using SourceItems = std::unordered_map<ItemHash, SourceItem, HashOfHash>;

/// The names of the attributes in which two items differ.
std::vector<std::string> differing_attributes(const json::Object& item, const std::string& other_json) {
  std::vector<std::string> names;
  json::Parser parser;
  const json::Object other = parser.parse(other_json).get_object().value();
  for (const auto member : item) {
    json::Value value;
    if (!json::find_member(other, member.key, value) || !(json::read_value(member.value) == json::read_value(value)))
      names.emplace_back(member.key);
  }
  for (const auto member : other) {
    json::Value value;
    if (!json::find_member(item, member.key, value)) names.emplace_back(member.key);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string get_item(endpoint::Endpoint& endpoint, const TableInfo& table, const std::string& key) {
  const std::string reply =
      call(endpoint, "GetItem",
           RequestBuilder().text("TableName", table.name).json("Key", key).json("ConsistentRead", "true").str());
  json::Parser parser;
  json::Value item;
  if (parser.parse(reply)["Item"].get(item) != simdjson::SUCCESS) return "{}";
  return simdjson::minify(item);
}

}  // namespace

DiffResult diff_tables(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                       const TableInfo& destination_table, std::uint32_t segments, const DifferenceVisitor& visit,
                       const std::function<void(std::uint64_t items)>& progress) {
  if (source_table.key_names() != destination_table.key_names())
    throw std::runtime_error("the tables have different keys and cannot be compared");
  ScanOptions options;
  options.segments = segments;
  options.consistent = true;
  options.table = source_table.name;
  SourceItems items;
  std::uint64_t read = 0;
  const auto tell_progress = [&] {
    if (++read % 100 == 0) progress(read);
  };
  scan(source, options, [&](const json::Object& item) {
    items[hash_of_text(key_text(source_table, item))] = {hash_of_item(item), false};
    tell_progress();
  });
  DiffResult result;
  options.table = destination_table.name;
  scan(destination, options, [&](const json::Object& item) {
    tell_progress();
    const auto found = items.find(hash_of_text(key_text(source_table, item)));
    const auto key = [&] { return key_of_item(source_table, std::string(simdjson::minify(item))); };
    if (found == items.end()) {
      ++result.only_in_destination;
      return visit(Difference::kOnlyInDestination, key(), {});
    }
    found->second.seen = true;
    if (found->second.hash == hash_of_item(item)) {
      ++result.equal;
      return;
    }
    ++result.changed;
    visit(Difference::kChanged, key(), differing_attributes(item, get_item(source, source_table, key())));
  });
  result.only_in_source = static_cast<std::uint64_t>(
      std::count_if(items.begin(), items.end(), [](const auto& each) { return !each.second.seen; }));
  if (result.only_in_source == 0) return result;
  // The keys of these items were not kept, so read the table again.
  options.table = source_table.name;
  scan(source, options, [&](const json::Object& item) {
    const auto found = items.find(hash_of_text(key_text(source_table, item)));
    if (found != items.end() && !found->second.seen)
      visit(Difference::kOnlyInSource, key_of_item(source_table, std::string(simdjson::minify(item))), {});
  });
  return result;
}

}  // namespace stator::toolkit
