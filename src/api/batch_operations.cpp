#include <algorithm>
#include <array>
#include <unordered_set>

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_collection.h"
#include "api/keys.h"
#include "api/operations.h"
#include "api/reply.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "expression/parameters.h"
#include "json/item.h"
#include "json/writer.h"

/// BatchGetItem and BatchWriteItem.
namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::array<std::string_view, 1> kProjectionNames = {"ProjectionExpression"};
constexpr std::array<std::string_view, 1> kAttributesToGetNames = {"AttributesToGet"};

/// A key written the same way whatever the order of its attributes: to find duplicates before the schema is known.
std::string canonical_key(WireKey key) {
  std::ranges::sort(key, {}, &WireKeyAttribute::name);
  std::string text;
  for (const auto& attribute : key) {
    json::append_string(attribute.name, text);
    json::append_value(attribute.value, text);
  }
  return text;
}

/// One table's part of a BatchGetItem.
struct GetGroup {
  std::string_view requested_name;  // name or ARN, as sent
  Members request;
  engine::TablePtr table;
  std::vector<WireKey> wire_keys;
  std::optional<expression::Projection> projection;
};

void refuse_duplicates(const std::vector<WireKey>& keys) {
  std::unordered_set<std::string> seen;
  for (const auto& key : keys) {
    if (!seen.insert(canonical_key(key)).second) throw_validation("Provided list of item keys contains duplicates");
  }
}

GetGroup read_get_group(std::string_view name, const json::Object& object, std::size_t& total) {
  GetGroup group{name, Members(object), nullptr, {}, std::nullopt};
  expression::check_expression_parameters(object, kProjectionNames, kAttributesToGetNames);
  expression::Bindings bindings = read_bindings(group.request);
  group.projection = read_projection(group.request, bindings);
  bindings.check_all_used();
  const json::Array keys = group.request.required_array("Keys");
  for (const auto key : keys) {
    if (++total > core::kMaxBatchGetKeys) throw_validation("Too many items requested for the BatchGetItem call");
    group.wire_keys.push_back(read_wire_key(key.get_object()));
  }
  refuse_duplicates(group.wire_keys);
  return group;
}

/// One style of projection for the whole request, whichever table it stands on.
void refuse_mixed_projections(const std::vector<GetGroup>& groups) {
  const auto has = [&](std::string_view member) {
    return std::ranges::any_of(groups, [&](const GetGroup& group) { return group.request.has(member); });
  };
  if (!has("ProjectionExpression") || !has("AttributesToGet")) return;
  throw_validation(
      "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
      "{AttributesToGet} Expression parameters: {ProjectionExpression}");
}

/// The group's request again with the keys that were left, for UnprocessedKeys.
void write_unprocessed(const GetGroup& group, std::size_t from, std::string& out) {
  ObjectWriter writer(out);
  for (const auto member : group.request.json()) {
    if (member.key == "Keys" || member.value.is_null()) continue;
    std::string& into = writer.key(member.key);
    into += simdjson::minify(member.value);
  }
  std::string& keys = writer.key("Keys");
  keys += '[';
  for (std::size_t i = from; i < group.wire_keys.size(); ++i) {
    if (i != from) keys += ',';
    append_key_json(*group.table, key_from_wire(*group.table, group.wire_keys[i]), keys);
  }
  keys += ']';
  writer.end();
}

struct BatchWrite {
  engine::WriteAction action;
  json::EncodedItem item;
};

/// One table's part of a BatchWriteItem.
struct WriteGroup {
  std::string_view requested_name;
  json::Array requests;
  engine::TablePtr table;
  std::vector<BatchWrite> writes;
};

/// A member that holds a put or a delete, just one of them.
void check_write_request(const Members& request) {
  if (request.object("PutRequest").has_value() == request.object("DeleteRequest").has_value()) {
    throw_validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
  }
}

/// Everything of a batch's writes that can be judged without the table.
void check_write_values(const WriteGroup& group) {
  for (const auto element : group.requests) {
    const Members request(element.get_object());
    check_write_request(request);
    if (const auto put = request.object("PutRequest")) {
      const auto item = json::normalise_item(Members(*put).required_object("Item"));
      if (item.size_bytes > core::kMaxItemSizeBytes)
        throw_validation("Item size has exceeded the maximum allowed size");
    } else {
      read_wire_key(Members(request.required_object("DeleteRequest")).required_object("Key"));
    }
  }
}

BatchWrite read_write(const engine::TablePtr& table, const Members& request) {
  BatchWrite write;
  write.action.table = table;
  if (const auto put = request.object("PutRequest")) {
    const json::Object item = Members(*put).required_object("Item");
    write.action.kind = engine::WriteKind::kPut;
    try {
      write.action.key = key_from_item(*table, item);
    } catch (const core::ApiError& error) {
      // In a batch a missing key and one of the wrong type are told apart no further.
      const std::string_view text = error.message;
      if (text.find("Missing the key") == text.npos && text.find("Type mismatch for key") == text.npos) throw;
      throw_validation("The provided key element does not match the schema");
    }
    write.item = json::normalise_item(item);
    // One bad index key refuses the whole batch, before anything is written.
    engine::check_index_keys(*table, write.item);
  } else {
    write.action.kind = engine::WriteKind::kDelete;
    write.action.key =
        key_from_wire(*table, read_wire_key(Members(request.required_object("DeleteRequest")).required_object("Key")));
  }
  return write;
}

}  // namespace

void batch_get_item(Call& call) {
  std::vector<GetGroup> groups;
  std::size_t total = 0;
  const auto tables = call.request.required_object("RequestItems");
  for (const auto member : tables) {
    groups.push_back(read_get_group(member.key, member.value.get_object(), total));
  }
  refuse_mixed_projections(groups);
  std::vector<std::vector<engine::Key>> keys(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto& group = groups[i];
    group.table = call.engine().usable_table(table_name_from(group.requested_name));
    for (const auto& key : group.wire_keys) keys[i].push_back(key_from_wire(*group.table, key));
    if (group.projection) check_key_paths(*group.table, group.projection->paths());
  }

  ObjectWriter writer(call.reply);
  CapacityByTable capacity;
  std::string unprocessed;
  std::string item;
  std::size_t read_bytes = 0;
  bool full = false;
  writer.key("Responses");
  {
    ObjectWriter responses(call.reply);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      auto& group = groups[i];
      const bool consistent = group.request.flag("ConsistentRead");
      std::string name;
      json::append_string(group.requested_name, name);
      std::string& out = responses.key(std::string_view(name).substr(1, name.size() - 2));
      out += '[';
      bool first = true;
      std::size_t next = 0;
      engine::Capacity used;
      for (; next < keys[i].size() && !full; ++next) {
        std::size_t size_bytes = 0;
        const bool found = call.engine().get_item(*group.table, keys[i][next], item, size_bytes);
        if (found && read_bytes + size_bytes > core::kMaxBatchReplySizeBytes) {
          full = true;
          break;
        }
        read_bytes += size_bytes;
        used.table_read += engine::read_units(size_bytes, consistent);
        if (!found) continue;
        if (!first) out += ',';
        first = false;
        if (group.projection) {
          group.projection->append_json(json::Item(item), out);
        } else {
          out += item;
        }
      }
      out += ']';
      capacity.add(group.table->name, used);
      if (next < keys[i].size()) {
        unprocessed += unprocessed.empty() ? "{" : ",";
        ((unprocessed += name) += ':');
        write_unprocessed(group, next, unprocessed);
      }
    }
    responses.end();
  }
  writer.key("UnprocessedKeys") += unprocessed.empty() ? "{}" : unprocessed + "}";
  capacity.write(writer, read_capacity_detail(call.request), false);
  writer.end();
}

void batch_write_item(Call& call) {
  std::vector<WriteGroup> groups;
  std::size_t total = 0;
  const auto tables = call.request.required_object("RequestItems");
  for (const auto member : tables) {
    groups.push_back({member.key, member.value.get_array(), nullptr, {}});
    total += groups.back().requests.size();
  }
  if (total > core::kMaxBatchWriteRequests) throw_validation("Too many items requested for the BatchWriteItem call");
  for (const auto& group : groups) check_write_values(group);
  std::unordered_set<std::string> seen;
  for (auto& group : groups) {
    group.table = call.engine().usable_table(table_name_from(group.requested_name));
    group.writes.reserve(group.requests.size());
    for (const auto element : group.requests) {
      group.writes.push_back(read_write(group.table, Members(element.get_object())));
      if (!seen.insert(group.writes.back().action.key.encoded).second) {
        throw_validation("Provided list of item keys contains duplicates");
      }
    }
  }

  CapacityByTable capacity;
  std::string metrics;
  const bool want_metrics = wants_item_collection(call.request);
  for (auto& group : groups) {
    std::string collections;
    for (auto& write : group.writes) {
      if (write.action.kind == engine::WriteKind::kPut) write.action.item = &write.item;
      capacity.add(group.table->name, call.engine().write(write.action).capacity);
      if (!want_metrics || !has_item_collections(*group.table)) continue;
      collections += collections.empty() ? '[' : ',';
      append_item_collection(call, *group.table, write.action.key, collections);
    }
    if (collections.empty()) continue;
    metrics += metrics.empty() ? '{' : ',';
    json::append_string(group.requested_name, metrics);
    ((metrics += ':') += collections) += ']';
  }
  ObjectWriter writer(call.reply);
  writer.key("UnprocessedItems") += "{}";
  if (!metrics.empty()) (writer.key("ItemCollectionMetrics") += metrics) += '}';
  capacity.write(writer, read_capacity_detail(call.request), false);
  writer.end();
}

}  // namespace stator::api
