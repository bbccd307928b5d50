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
  /// The range of its actions in those of the batch.
  std::size_t first = 0;
  std::size_t count = 0;
};

struct WritePlan {
  std::vector<WriteGroup> groups;
  std::vector<engine::WriteAction> actions;

  [[nodiscard]] std::span<const engine::WriteAction> actions_of(const WriteGroup& group) const {
    return std::span(actions).subspan(group.first, group.count);
  }
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

/// The groups of a BatchGetItem. Groups for the same table, named by its name and by its ARN, are merged into the
/// first.
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

WritePlan resolve_batch(const engine::Engine& engine, const BatchWriteItem& request) {
  WritePlan plan;
  std::unordered_set<std::string> seen;
  for (const auto& requested : request.groups) {
    const engine::TablePtr table = engine.usable_table(table_name_from(requested.requested_name));
    plan.groups.push_back({requested, table, plan.actions.size(), requested.writes.size()});
    for (const auto& write : requested.writes) {
      plan.actions.push_back(resolve_write(table, write));
      if (!seen.insert(plan.actions.back().key.encoded).second) {
        throw_validation("Provided list of item keys contains duplicates");
      }
    }
  }
  return plan;
}

/// Appends the group's request with the keys that were not read, for UnprocessedKeys.
void append_unprocessed(const GetGroup& group, std::span<const engine::Key* const> keys, std::string& out) {
  constexpr std::array<std::string_view, 4> kMembers = {"AttributesToGet", "ConsistentRead", "ExpressionAttributeNames",
                                                        "ProjectionExpression"};
  ObjectWriter writer(out);
  for (const auto name : kMembers) {
    json::Value value;
    if (json::find_member(group.request.members.json(), name, value)) writer.key(name) += simdjson::minify(value);
  }
  ArrayWriter list(writer.key("Keys"));
  for (const engine::Key* key : keys) append_key_json(*group.table, *key, list.element());
  list.end();
  writer.end();
}

/// Reads the items of a BatchGetItem until the reply is full.
class BatchReader {
 public:
  explicit BatchReader(const engine::Engine& engine) : engine_(engine) {}

  /// Appends the group's items, separated by commas; returns the keys that were not read.
  std::vector<const engine::Key*> read(const GetGroup& group, engine::Capacity& capacity, std::string& items) {
    const std::size_t begin = items.size();
    std::vector<const engine::Key*> left;
    for (const engine::Key& key : group.keys) {
      std::size_t size_bytes = 0;
      bool found = false;
      if (!full_ && !read_item(group, key, size_bytes, found)) {
        left.push_back(&key);
        continue;
      }
      full_ = full_ || (found && read_bytes_ + size_bytes > core::kMaxBatchReplySizeBytes);
      if (full_) {
        left.push_back(&key);
        continue;
      }
      any_read_ = true;
      read_bytes_ += size_bytes;
      capacity.table_read += engine::read_units(size_bytes, group.request.consistent_read);
      if (!found) continue;
      if (items.size() != begin) items += ',';
      append_item(item_, group.request.projection, items);
    }
    return left;
  }

  /// Throws if units were missing and no key was read, as the service then refuses the whole batch.
  void check_throughput() const {
    if (exceeded_ && !any_read_) throw engine::ThroughputExceeded(*exceeded_);
  }

 private:
  /// False if the table has no units left.
  bool read_item(const GetGroup& group, const engine::Key& key, std::size_t& size_bytes, bool& found) {
    try {
      found = engine_.get_item(*group.table, key, item_, size_bytes, group.request.consistent_read);
      return true;
    } catch (const engine::ThroughputExceeded& exceeded) {
      if (!exceeded_) exceeded_ = exceeded;
      return false;
    }
  }

  const engine::Engine& engine_;
  std::string item_;
  std::size_t read_bytes_ = 0;
  bool full_ = false;
  bool any_read_ = false;
  std::optional<engine::ThroughputExceeded> exceeded_;
};

/// Appends the writes that were not made, for UnprocessedItems.
void append_unprocessed(const WriteGroup& group, std::span<const engine::WriteAction* const> left, std::string& out) {
  ArrayWriter list(out);
  for (const engine::WriteAction* action : left) {
    const bool puts = action->kind == engine::WriteKind::kPut;
    ObjectWriter entry(list.element());
    ObjectWriter request(entry.key(puts ? "PutRequest" : "DeleteRequest"));
    if (puts) {
      request.key("Item") += action->item->json;
    } else {
      append_key_json(*group.table, action->key, request.key("Key"));
    }
    request.end();
    entry.end();
  }
  list.end();
}

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
    const std::vector<const engine::Key*> left = reader.read(group, used, items);
    items += ']';
    capacity.add(group.request.requested_name, used);
    if (left.empty()) continue;
    append_unprocessed(group, left, unprocessed.member(group.request.requested_name));
  }
  reader.check_throughput();
  responses.end();
  unprocessed.end();
  writer.key("UnprocessedKeys") += unprocessed_json;
  capacity.write(writer, request.capacity, false);
  writer.end();
}

void batch_write_item(Call& call) {
  const BatchWriteItem request = read_batch_write_item(call.request);
  const WritePlan plan = resolve_batch(call.engine(), request);
  const std::vector<engine::SeparateOutcome> outcomes = call.engine().write_each(plan.actions);
  // The service refuses the whole batch if no write was made.
  const auto was_refused = [](const engine::SeparateOutcome& one) { return one.exceeded.has_value(); };
  if (!outcomes.empty()) {
    const std::optional<engine::ThroughputExceeded>& first = outcomes.front().exceeded;
    if (first && std::ranges::all_of(outcomes, was_refused)) throw engine::ThroughputExceeded(*first);
  }
  CapacityByTable capacity;
  std::string metrics_json;
  ObjectWriter metrics(metrics_json);
  std::string unprocessed_json;
  ObjectWriter unprocessed(unprocessed_json);
  for (const WriteGroup& group : plan.groups) {
    const auto actions = plan.actions_of(group);
    std::vector<const engine::WriteAction*> left;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const engine::SeparateOutcome& one = outcomes[group.first + i];
      if (one.exceeded) {
        left.push_back(&actions[i]);
      } else {
        capacity.add(group.request.requested_name, one.outcome.capacity);
      }
    }
    if (!left.empty()) append_unprocessed(group, left, unprocessed.member(group.request.requested_name));
    if (!request.item_collection_metrics || actions.empty() || !has_item_collections(*group.table)) continue;
    ArrayWriter list(metrics.member(group.request.requested_name));
    for (const auto& action : actions) {
      append_item_collection(call.engine(), *group.table, action.key, list.element());
    }
    list.end();
  }
  unprocessed.end();
  ObjectWriter writer(call.reply);
  writer.key("UnprocessedItems") += unprocessed_json;
  metrics.end();
  if (!metrics.empty()) writer.key("ItemCollectionMetrics") += metrics_json;
  capacity.write(writer, request.capacity, false);
  writer.end();
}

}  // namespace stator::api
