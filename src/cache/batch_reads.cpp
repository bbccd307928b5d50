#include <algorithm>
#include <set>
#include <vector>

#include "api/item_operations.h"
#include "api/requests/batch_requests.h"
#include "cache/canonical.h"
#include "cache/state.h"
#include "core/limits.h"
#include "json/item.h"
#include "json/object_writer.h"

/// BatchGetItem: answers cached items from the cache, and asks the upstream for the rest.
namespace stator::cache {
namespace {

struct Wanted {
  EntryKey key;
  json::Value wire_key;      // as in the request
  bool answered = false;     // by `item`
  bool hit = false;          // answered by the cache or the shared level
  bool stale = false;        // answered by an expired entry
  Value item;                // null: the item does not exist
  std::optional<Mark> mark;  // the mark under which the upstream is asked
  std::optional<Store::Part> part;
  SharedLevel::Tokens tokens;
};

struct Group {
  Table* table = nullptr;
  const Schema* schema = nullptr;
  const api::BatchGetGroup* request = nullptr;
  std::vector<Wanted> wanted;
  /// The keys that the upstream left unprocessed, as in its reply.
  std::vector<std::string> unprocessed;
};

struct Batch {
  std::vector<Group> groups;
  api::CapacityDetail capacity = api::CapacityDetail::kNone;
  /// Elements of the upstream's ConsumedCapacity, and the tables that they belong to.
  std::vector<std::string> capacities;
  std::set<std::string> tables_with_capacity;
};

/// Returns false if the cache cannot answer the request.
bool resolve(State& state, const Incoming& incoming, const api::BatchGetItem& request, bool must_not_wait,
             Batch& batch) {
  batch.capacity = request.capacity;
  for (const api::BatchGetGroup& requested : request.groups) {
    const std::string_view name = requested.requested_name;
    Group& group = batch.groups.emplace_back();
    group.request = &requested;
    group.table = must_not_wait ? state.tables.find(name) : state.tables.learn(name, state.upstream, incoming.request);
    group.schema = group.table == nullptr ? nullptr : group.table->schema.load();
    if (group.schema == nullptr || !state.may_answer() || group.table->lifetime_ms(ReadKind::kItem) == 0) return false;
    std::size_t i = 0;
    for (const json::Value wire_key : requested.members.required_array("Keys")) {
      const auto key = canonical_key(*group.schema, requested.keys.at(i++));
      if (!key) {
        if (!must_not_wait) state.tables.doubt_schema(*group.table, state.upstream, incoming.request);
        return false;
      }
      Wanted& wanted = group.wanted.emplace_back();
      wanted.key = make_entry_key(name, kItemEntry, *key);
      wanted.wire_key = wire_key;
    }
  }
  return true;
}

/// Takes the cached items. Returns how many keys are missing.
std::size_t find_all(State& state, std::string_view caller, Batch& batch) {
  const std::int64_t now_ms = state.now_ms();
  std::size_t missing = 0;
  std::size_t bytes = 0;
  for (Group& group : batch.groups) {
    for (Wanted& wanted : group.wanted) {
      Found found;
      if (!group.request->consistent_read) found = state.store.find(wanted.key, caller, now_ms);
      wanted.answered = found.freshness == Freshness::kFresh;
      // A reply that would be too large must be shortened, which is left to the upstream.
      bytes += wanted.answered && found.value != nullptr ? found.value->size() : 0;
      if (wanted.answered && bytes > core::kMaxBatchReplySizeBytes) wanted.answered = false;
      wanted.hit = wanted.answered;
      if (wanted.answered) {
        wanted.item = std::move(found.value);
      } else {
        ++missing;
      }
    }
  }
  return missing;
}

void take_marks(State& state, std::string_view caller, Batch& batch) {
  const std::int64_t now_ms = state.now_ms();
  for (Group& group : batch.groups) {
    const bool consistent = group.request->consistent_read;
    for (Wanted& wanted : group.wanted) {
      if (wanted.answered) continue;
      wanted.mark = take_mark(state.fences->of_item(wanted.key), group.table->whole, now_ms, consistent);
      if (wanted.mark && !consistent) wanted.part.emplace(state.store.join(wanted.key, caller, *wanted.mark));
    }
  }
}

/// Takes from the shared level the items that this request leads in reading.
void find_shared(State& state, std::string_view caller, Batch& batch) {
  if (state.shared == nullptr) return;
  std::vector<SharedLevel::LookUp> asked;
  std::vector<std::pair<const Group*, Wanted*>> of;
  for (Group& group : batch.groups) {
    for (Wanted& wanted : group.wanted) {
      if (wanted.answered || !wanted.mark || (wanted.part && !wanted.part->leads())) continue;
      asked.push_back({shared_place(wanted.key, caller, wanted.key.text, *group.table, *group.schema),
                       group.request->consistent_read});
      of.emplace_back(&group, &wanted);
    }
  }
  const std::int64_t now_ms = state.now_ms();
  const std::vector<SharedLevel::Found> all = state.shared->look_up(asked);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const SharedLevel::Found& found = all[i];
    const auto& [group, wanted] = of[i];
    wanted->tokens = found.tokens;
    if (!found.found || asked[i].consistent_read) continue;
    wanted->answered = wanted->hit = true;
    wanted->item = found.value;
    const std::int64_t lifetime_ms = std::min(group->table->lifetime_ms(ReadKind::kItem), found.lifetime_ms);
    state.store.keep(wanted->key, caller, wanted->item, now_ms + lifetime_ms, *wanted->mark,
                     Store::Validity::kUntilDropped);
    if (wanted->part) wanted->part->land(wanted->item);
  }
}

bool waits_for_another(const Wanted& wanted) { return wanted.part && !wanted.part->leads(); }

/// The request for keys that are missing and that no other call asks for; empty if there are none. It asks for whole
/// items, which can then answer requests for any part.
std::string missing_body(const Batch& batch) {
  std::string tables;
  json::ObjectWriter writer(tables);
  for (const Group& group : batch.groups) {
    std::string keys;
    for (const Wanted& wanted : group.wanted) {
      if (wanted.answered || waits_for_another(wanted)) continue;
      keys += keys.empty() ? "" : ",";
      keys += simdjson::minify(wanted.wire_key);
    }
    if (keys.empty()) continue;
    std::string& out = writer.member(group.request->requested_name);
    out += group.request->consistent_read ? R"({"ConsistentRead":true,"Keys":[)" : R"({"Keys":[)";
    out += keys + "]}";
  }
  if (writer.empty()) return {};
  writer.end();
  std::string body = R"({"RequestItems":)" + tables;
  if (batch.capacity != api::CapacityDetail::kNone) {
    body += batch.capacity == api::CapacityDetail::kTotal ? R"(,"ReturnConsumedCapacity":"TOTAL")"
                                                          : R"(,"ReturnConsumedCapacity":"INDEXES")";
  }
  return body + '}';
}

/// Caches an item; appends it to `shared` if it is to be stored in the shared level too.
void keep(State& state, std::string_view caller, const Group& group, Wanted& wanted, std::int64_t now_ms,
          std::vector<SharedLevel::Kept>& shared) {
  if (!wanted.mark) return;
  if (group.request->consistent_read && !wanted.mark->own->renew(wanted.mark->own_version)) return;
  if (state.may_keep(wanted.tokens)) {
    state.store.keep(wanted.key, caller, wanted.item, now_ms + group.table->lifetime_ms(ReadKind::kItem), *wanted.mark,
                     Store::Validity::kUntilDropped);
  }
  if (state.shared != nullptr) {
    shared.push_back({shared_place(wanted.key, caller, wanted.key.text, *group.table, *group.schema), wanted.tokens,
                      wanted.item, group.table->lifetime_ms(ReadKind::kItem), group.request->consistent_read});
  }
  if (wanted.part && wanted.part->leads()) wanted.part->land(wanted.item);
}

Wanted* find_wanted(Group& group, const std::string& canonical) {
  const EntryKey key = make_entry_key(group.table->name, kItemEntry, canonical);
  const auto found =
      std::ranges::find_if(group.wanted, [&](const Wanted& wanted) { return wanted.key.text == key.text; });
  return found == group.wanted.end() ? nullptr : &*found;
}

/// Thrown if the upstream's answer cannot be read here; it is then passed on to the caller.
struct Unreadable {};

Value stored_item(const json::Value& wire) {
  json::Object object;
  if (wire.get(object) != simdjson::SUCCESS) throw Unreadable();
  try {
    return std::make_shared<const std::string>(json::normalise_item(object).json);
  } catch (const core::ApiError&) {
    throw Unreadable();
  }
}

/// The keys of a group that the upstream left unprocessed.
std::set<const Wanted*> read_unprocessed(Group& group, const json::Object& unprocessed) {
  std::set<const Wanted*> left;
  json::Value of_table;
  json::Array keys;
  if (!json::find_member(unprocessed, group.request->requested_name, of_table)) return left;
  if (of_table["Keys"].get(keys) != simdjson::SUCCESS) throw Unreadable();
  for (const json::Value key : keys) {
    json::Object attributes;
    if (key.get(attributes) != simdjson::SUCCESS) throw Unreadable();
    const auto canonical = canonical_key(*group.schema, api::read_key_attributes(attributes));
    if (canonical) left.insert(find_wanted(group, *canonical));
    group.unprocessed.emplace_back(simdjson::minify(key));
  }
  return left;
}

/// Asks the upstream for the keys that no other request asks for, and takes its answers.
void ask(State& state, const Incoming& incoming, std::string_view caller, Batch& batch) {
  const std::string body = missing_body(batch);
  if (body.empty()) return;
  const std::int64_t now_ms = state.now_ms();
  endpoint::ReplyNotes notes;
  const std::string text = state.ask_upstream(incoming.request, body, notes);
  BorrowedParser parser;
  json::Object reply;
  json::Object responses;
  json::Object unprocessed;
  json::Value member;
  if (parser.parse(text).get(reply) != simdjson::SUCCESS || !json::find_member(reply, "Responses", member) ||
      member.get(responses) != simdjson::SUCCESS) {
    throw Unreadable();
  }
  const bool has_unprocessed =
      json::find_member(reply, "UnprocessedKeys", member) && member.get(unprocessed) == simdjson::SUCCESS;
  std::vector<SharedLevel::Kept> shared;
  for (Group& group : batch.groups) {
    std::set<const Wanted*> left;
    if (has_unprocessed) left = read_unprocessed(group, unprocessed);
    std::set<const Wanted*> found;
    json::Array items;
    if (json::find_member(responses, group.request->requested_name, member)) {
      if (member.get(items) != simdjson::SUCCESS) throw Unreadable();
      for (const json::Value element : items) {
        Value item = stored_item(element);
        const auto canonical = canonical_key_of_item(*group.schema, *item);
        Wanted* const wanted = canonical ? find_wanted(group, *canonical) : nullptr;
        if (wanted == nullptr) throw Unreadable();
        wanted->item = std::move(item);
        found.insert(wanted);
      }
    }
    for (Wanted& wanted : group.wanted) {
      if (wanted.answered || waits_for_another(wanted) || left.contains(&wanted)) continue;
      wanted.answered = true;
      keep(state, caller, group, wanted, now_ms, shared);
    }
  }
  if (state.shared != nullptr) state.shared->keep(shared);
  json::Array capacities;
  if (json::find_member(reply, "ConsumedCapacity", member) && member.get(capacities) == simdjson::SUCCESS) {
    for (const json::Value capacity : capacities) {
      std::string_view table;
      if (capacity["TableName"].get(table) == simdjson::SUCCESS) batch.tables_with_capacity.emplace(table);
      batch.capacities.emplace_back(simdjson::minify(capacity));
    }
  }
}

/// Ends with the error the flights of this batch that others wait for. Errors that are not outages may concern only one
/// key, so the others ask for theirs themselves.
void fail_others(State& state, const Incoming& incoming, Batch& batch, const core::ApiError& error) {
  if (!is_outage(error)) return;
  for (Group& group : batch.groups) {
    for (Wanted& wanted : group.wanted) {
      if (wanted.answered || !wanted.part || !wanted.part->leads()) continue;
      if (applies_to_waiters(state, incoming, wanted.key, error)) wanted.part->fail(error);
    }
  }
}

/// Waits for keys that other requests ask for. Returns true if some of them must be asked for here after all.
bool await_others(const Incoming& incoming, Batch& batch) {
  bool again = false;
  for (Group& group : batch.groups) {
    for (Wanted& wanted : group.wanted) {
      if (wanted.answered || !wanted.part || wanted.part->leads()) continue;
      wanted.answered = wanted.part->wait(incoming.request.deadline, wanted.item) == Flight::Outcome::kLanded;
      if (wanted.answered) continue;
      wanted.part.reset();
      again = true;
    }
  }
  return again;
}

/// With stale_if_error, uses expired items for all missing ones. Returns false if any has none.
bool take_stale(State& state, std::string_view caller, Batch& batch) {
  std::vector<std::pair<Wanted*, Value>> taken;
  for (Group& group : batch.groups) {
    for (Wanted& wanted : group.wanted) {
      if (wanted.answered) continue;
      Found found;
      if (!group.request->consistent_read) found = find_stale(state, wanted.key, caller);
      if (found.freshness != Freshness::kFresh) return false;
      taken.emplace_back(&wanted, std::move(found.value));
    }
  }
  for (auto& [wanted, item] : taken) {
    wanted->item = std::move(item);
    wanted->answered = wanted->stale = true;
  }
  return true;
}

/// Whether `take_stale` would succeed.
bool has_stale(State& state, std::string_view caller, const Batch& batch) {
  return std::ranges::all_of(batch.groups, [&](const Group& group) {
    return std::ranges::all_of(group.wanted, [&](const Wanted& wanted) {
      return wanted.answered ||
             (!group.request->consistent_read && find_stale(state, wanted.key, caller).freshness == Freshness::kFresh);
    });
  });
}

bool has_projection(const Batch& batch) {
  return std::ranges::any_of(batch.groups, [](const Group& group) { return group.request->projection.has_value(); });
}

/// Reads all missing items, by asking or by waiting for other requests.
void read_missing(State& state, const Incoming& incoming, std::string_view caller, Batch& batch) {
  take_marks(state, caller, batch);
  find_shared(state, caller, batch);
  try {
    ask(state, incoming, caller, batch);
  } catch (const core::ApiError& error) {
    fail_others(state, incoming, batch, error);
    throw;
  }
  for (Group& group : batch.groups) {
    // Keys that the upstream left unprocessed are already in the reply's UnprocessedKeys.
    for (Wanted& wanted : group.wanted) wanted.answered = wanted.answered || !waits_for_another(wanted);
  }
  if (await_others(incoming, batch)) ask(state, incoming, caller, batch);
}

void append_unprocessed(const Group& group, std::string& out) {
  json::ObjectWriter writer(out);
  for (const char* const name :
       {"AttributesToGet", "ConsistentRead", "ExpressionAttributeNames", "ProjectionExpression"}) {
    json::Value value;
    if (json::find_member(group.request->members.json(), name, value)) writer.key(name) += simdjson::minify(value);
  }
  json::ArrayWriter keys(writer.key("Keys"));
  for (const std::string& key : group.unprocessed) keys.element() += key;
  keys.end();
  writer.end();
}

void append_reply(const Batch& batch, std::string& reply) {
  json::ObjectWriter writer(reply);
  json::ObjectWriter responses(writer.key("Responses"));
  std::string unprocessed_json;
  json::ObjectWriter unprocessed(unprocessed_json);
  for (const Group& group : batch.groups) {
    json::ArrayWriter items(responses.member(group.request->requested_name));
    for (const Wanted& wanted : group.wanted) {
      if (wanted.answered && wanted.item != nullptr)
        api::append_item(*wanted.item, group.request->projection, items.element());
    }
    items.end();
    if (group.unprocessed.empty()) continue;
    append_unprocessed(group, unprocessed.member(group.request->requested_name));
  }
  responses.end();
  unprocessed.end();
  writer.key("UnprocessedKeys") += unprocessed_json;
  if (batch.capacity != api::CapacityDetail::kNone) {
    json::ArrayWriter capacities(writer.key("ConsumedCapacity"));
    for (const std::string& capacity : batch.capacities) capacities.element() += capacity;
    for (const Group& group : batch.groups) {
      if (batch.tables_with_capacity.contains(group.table->name)) continue;
      append_no_capacity(group.table->name, batch.capacity, capacities.element());
    }
    capacities.end();
  }
  writer.end();
}

void count(const Batch& batch) {
  for (const Group& group : batch.groups) {
    Counters& counters = group.table->count(ReadKind::kItem);
    for (const Wanted& wanted : group.wanted) {
      auto& counter = group.request->consistent_read ? counters.passed
                      : wanted.hit                   ? counters.hits
                      : wanted.stale                 ? counters.stale
                                                     : counters.misses;
      counter.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

/// How the batch as a whole was answered.
std::string_view how_answered(const Batch& batch) {
  std::string_view how = how::kPass;  // only strongly consistent reads
  for (const Group& group : batch.groups) {
    if (group.request->consistent_read) continue;
    if (how == how::kPass) how = how::kHit;
    for (const Wanted& wanted : group.wanted) {
      if (wanted.stale) return how::kStale;
      if (!wanted.hit) how = how::kMiss;
    }
  }
  return how;
}

/// Reads what is missing; returns false if the upstream must get the caller's own request.
bool complete(State& state, const Incoming& incoming, std::string_view caller, Batch& batch) {
  try {
    read_missing(state, incoming, caller, batch);
  } catch (const Unreadable&) {
    return false;
  } catch (const core::ApiError& error) {
    // A policy may allow only certain attributes.
    if (error.type == core::ErrorCode::kAccessDenied && has_projection(batch)) return false;
    if (is_outage(error) && take_stale(state, caller, batch)) return true;
    count(batch);
    note(incoming.request, how::kMiss);
    throw;
  }
  return true;
}

}  // namespace

Answer batch_get_item(State& state, const Incoming& incoming, bool must_not_wait, std::string& reply) {
  const api::BatchGetItem request = understand([&] { return api::read_batch_get_item(incoming.members); });
  Batch batch;
  if (!resolve(state, incoming, request, must_not_wait, batch))
    return must_not_wait ? Answer::kWouldWait : Answer::kPass;
  const std::string_view caller = state.caller_of(incoming.request);
  const std::size_t missing = find_all(state, caller, batch);
  if (missing != 0 && must_not_wait) return Answer::kWouldWait;
  if (missing != 0) {
    const bool has_stale_entry = has_stale(state, caller, batch);
    const endpoint::Request asked = has_stale_entry ? with_stale_deadline(state, incoming.request) : incoming.request;
    if (!complete(state, Incoming{asked, incoming.operation, incoming.members}, caller, batch)) return Answer::kPass;
  }
  count(batch);
  note(incoming.request, how_answered(batch));
  append_reply(batch, reply);
  return Answer::kDone;
}

}  // namespace stator::cache
