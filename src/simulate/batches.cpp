#include "simulate/batches.h"

#include <map>
#include <vector>

#include "json/members.h"
#include "json/object_writer.h"

namespace stator::simulate {
namespace {

/// A table's part of a batch: its members and, for a BatchGetItem, the other members of its object.
struct Part {
  std::vector<std::string> members;
  std::string others;
};
using Parts = std::map<std::string, Part>;

std::string_view left_member(std::string_view operation) {
  return operation == "BatchGetItem" ? "UnprocessedKeys" : "UnprocessedItems";
}

void append_parts(const Parts& parts, bool of_keys, std::string& out) {
  json::ObjectWriter tables(out);
  for (const auto& [table, part] : parts) {
    std::string& text = tables.member(table);
    if (of_keys) text += '{' + part.others + (part.others.empty() ? "" : ",") + "\"Keys\":";
    json::ArrayWriter list(text);
    for (const std::string& member : part.members) list.element() += member;
    list.end();
    if (of_keys) text += '}';
  }
  tables.end();
}

/// Returns false if the value does not have the form of a batch.
bool add_parts(const json::Value& value, bool of_keys, const std::function<Parts&()>& choose) {
  json::Object tables;
  if (value.get(tables) != simdjson::SUCCESS) return false;
  for (const auto& [table, of_table] : tables) {
    json::Array members;
    json::Object object;
    const bool readable =
        of_keys ? of_table.get(object) == simdjson::SUCCESS && object["Keys"].get(members) == simdjson::SUCCESS
                : of_table.get(members) == simdjson::SUCCESS;
    if (!readable) return false;
    for (const json::Value member : members) {
      Part& part = choose()[std::string(table)];
      if (of_keys) part.others = json::members_without(object, {"Keys"});
      part.members.emplace_back(simdjson::minify(member));
    }
  }
  return true;
}

}  // namespace

std::optional<SplitBatch> split_batch(std::string_view operation, const json::Object& request,
                                      const std::function<bool()>& is_left) {
  const bool of_keys = operation == "BatchGetItem";
  json::Value items;
  if ((!of_keys && operation != "BatchWriteItem") || !json::find_member(request, "RequestItems", items)) {
    return std::nullopt;
  }
  Parts done;
  Parts left;
  if (!add_parts(items, of_keys, [&]() -> Parts& { return is_left() ? left : done; }) || left.empty()) {
    return std::nullopt;
  }
  SplitBatch split;
  append_parts(left, of_keys, split.left);
  if (done.empty()) return split;
  const std::string others = json::members_without(request, {"RequestItems"});
  split.body = '{' + others + (others.empty() ? "" : ",") + "\"RequestItems\":";
  append_parts(done, of_keys, split.body);
  split.body += '}';
  return split;
}

std::string add_left(std::string_view operation, std::string_view reply, std::string_view left) {
  const bool of_keys = operation == "BatchGetItem";
  const std::string_view member = left_member(operation);
  json::Parser parser;
  json::Parser left_parser;
  json::Object object;
  if (parser.parse(reply).get(object) != simdjson::SUCCESS) return std::string(reply);
  Parts all;
  json::Value already;
  const auto choose = [&]() -> Parts& { return all; };
  add_parts(left_parser.parse(left), of_keys, choose);
  if (json::find_member(object, member, already)) add_parts(already, of_keys, choose);
  const std::string others = json::members_without(object, {member});
  std::string out = '{' + others + (others.empty() ? "\"" : ",\"") + std::string(member) + "\":";
  append_parts(all, of_keys, out);
  return out + '}';
}

}  // namespace stator::simulate
