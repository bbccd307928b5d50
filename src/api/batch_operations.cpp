#include <algorithm>
#include <array>
#include <span>
#include <unordered_set>

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_collection.h"
#include "api/item_operations.h"
#include "api/item_rules.h"
#include "api/keys.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/requests/batch_requests.h"
#include "core/api_error.h"
#include "core/limits.h"

/// BatchGetItem and BatchWriteItem.
namespace stator::api {

using core::throw_validation;

namespace {

/// One table's part of a batch, checked against the table.
struct GetGroup {
  const BatchGetGroup& request;
  engine::TablePtr table;
  std::vector<engine::Key> keys;
};

struct WriteGroup {
  const BatchWriteGroup& request;
  engine::TablePtr table;
  std::vector<engine::WriteAction> actions;
};

GetGroup resolve_group(const engine::Engine& engine, const BatchGetGroup& request) {
  GetGroup group{request, engine.usable_table(table_name_from(request.requested_name)), {}};
  group.keys.reserve(request.keys.size());
  for (const auto& key : request.keys) group.keys.push_back(key_from_attributes(*group.table, key));
  if (request.projection) check_key_paths(*group.table, request.projection->paths());
  return group;
}

engine::WriteAction resolve_write(const engine::TablePtr& table, const BatchWrite& write) {
  if (const auto* put = std::get_if<PutItem>(&write)) return resolve(table, *put, Place::kBatch);
  return resolve(table, std::get<DeleteItem>(write));
}

/// The groups of a BatchGetItem. Groups that name one table by its name and by its ARN become one, under the first.
std::vector<GetGroup> resolve_groups(const engine::Engine& engine, const BatchGetItem& request) {
  std::vector<GetGroup> groups;
  for (const auto& requested : request.groups) {
    GetGroup group = resolve_group(engine, requested);
    const auto same =
        std::ranges::find_if(groups, [&](const GetGroup& other) { return other.table->name == group.table->name; });
    if (same == groups.end()) {
      groups.push_back(std::move(group));
      continue;
    }
    for (engine::Key& key : group.keys) {
      const bool asked = std::ranges::find(same->keys, key.encoded, &engine::Key::encoded) != same->keys.end();
      if (!asked) same->keys.push_back(std::move(key));
    }
  }
  return groups;
}

std::vector<WriteGroup> resolve_groups(const engine::Engine& engine, const BatchWriteItem& request) {
  std::vector<WriteGroup> groups;
  std::unordered_set<std::string> seen;
  for (const auto& requested : request.groups) {
    WriteGroup& group =
        groups.emplace_back(WriteGroup{requested, engine.usable_table(table_name_from(requested.requested_name)), {}});
    group.actions.reserve(requested.writes.size());
    for (const auto& write : requested.writes) {
      group.actions.push_back(resolve_write(group.table, write));
      if (!seen.insert(group.actions.back().key.encoded).second) {
        throw_validation("Provided list of item keys contains duplicates");
      }
    }
  }
  return groups;
}

/// The group's request again with the keys that were left, for UnprocessedKeys.
void append_unprocessed(const GetGroup& group, std::span<const engine::Key> keys, std::string& out) {
  constexpr std::array<std::string_view, 4> kMembers = {"AttributesToGet", "ConsistentRead", "ExpressionAttributeNames",
                                                        "ProjectionExpression"};
  ObjectWriter writer(out);
  for (const auto name : kMembers) {
    json::Value value;
    if (json::find_member(group.request.members.json(), name, value)) writer.key(name) += simdjson::minify(value);
  }
  ArrayWriter list(writer.key("Keys"));
  for (const auto& key : keys) append_key_json(*group.table, key, list.element());
  list.end();
  writer.end();
}

/// Reads the items of a BatchGetItem until the reply is full.
class BatchReader {
 public:
  explicit BatchReader(const engine::Engine& engine) : engine_(engine) {}

  /// Appends the group's items, parted by commas; returns how many of its keys were read.
  std::size_t read(const GetGroup& group, engine::Capacity& capacity, std::string& items) {
    const std::size_t begin = items.size();
    for (std::size_t i = 0; i < group.keys.size(); ++i) {
      if (full_) return i;
      std::size_t size_bytes = 0;
      const bool found =
          engine_.get_item(*group.table, group.keys[i], item_, size_bytes, group.request.consistent_read);
      full_ = found && read_bytes_ + size_bytes > core::kMaxBatchReplySizeBytes;
      if (full_) return i;
      read_bytes_ += size_bytes;
      capacity.table_read += engine::read_units(size_bytes, group.request.consistent_read);
      if (!found) continue;
      if (items.size() != begin) items += ',';
      append_item(item_, group.request.projection, items);
    }
    return group.keys.size();
  }

 private:
  const engine::Engine& engine_;
  std::string item_;
  std::size_t read_bytes_ = 0;
  bool full_ = false;
};

}  // namespace

void batch_get_item(Call& call) {
  const BatchGetItem request = read_batch_get_item(call.request);
  const std::vector<GetGroup> groups = resolve_groups(call.engine(), request);

  BatchReader reader(call.engine());
  CapacityByTable capacity;
  ObjectWriter writer(call.reply);
  ObjectWriter responses(writer.key("Responses"));
  std::string unprocessed_json;
  ObjectWriter unprocessed(unprocessed_json);
  for (const auto& group : groups) {
    engine::Capacity used;
    std::string& items = responses.member(group.request.requested_name) += '[';
    const std::size_t read = reader.read(group, used, items);
    items += ']';
    capacity.add(group.request.requested_name, used);
    if (read == group.keys.size()) continue;
    append_unprocessed(group, std::span(group.keys).subspan(read), unprocessed.member(group.request.requested_name));
  }
  responses.end();
  unprocessed.end();
  writer.key("UnprocessedKeys") += unprocessed_json;
  capacity.write(writer, request.capacity, false);
  writer.end();
}

void batch_write_item(Call& call) {
  const BatchWriteItem request = read_batch_write_item(call.request);
  const std::vector<WriteGroup> groups = resolve_groups(call.engine(), request);
  CapacityByTable capacity;
  std::string metrics_json;
  ObjectWriter metrics(metrics_json);
  for (const auto& group : groups) {
    for (const auto& action : group.actions) {
      capacity.add(group.request.requested_name, call.engine().write(action).capacity);
    }
    if (!request.item_collection_metrics || group.actions.empty() || !has_item_collections(*group.table)) continue;
    ArrayWriter list(metrics.member(group.request.requested_name));
    for (const auto& action : group.actions) {
      append_item_collection(call.engine(), *group.table, action.key, list.element());
    }
    list.end();
  }
  ObjectWriter writer(call.reply);
  writer.key("UnprocessedItems") += "{}";
  metrics.end();
  if (!metrics.empty()) writer.key("ItemCollectionMetrics") += metrics_json;
  capacity.write(writer, request.capacity, false);
  writer.end();
}

}  // namespace stator::api
