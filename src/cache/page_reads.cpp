#include <algorithm>

#include "api/requests/page_requests.h"
#include "cache/canonical.h"
#include "cache/state.h"
#include "json/members.h"
#include "json/object_writer.h"
#include "json/writer.h"

/// Query and Scan: caches whole replies by the whole request.
namespace stator::cache {
namespace {

struct PageRead {
  Table* table;
  const Schema* schema;
  ReadKind kind;
  EntryKey key;
  Fence* fence;
  std::string fence_name;
  std::string index;
  bool local_index = false;
  api::CapacityDetail capacity = api::CapacityDetail::kNone;
  CountedAs as = &Counters::misses;
};

/// The value of the partition key in the query's key condition; null if it has none.
const core::AttributeValue* partition_of(const api::Query& query, const Schema& schema) {
  for (const auto& predicate : query.key_condition.predicates) {
    if (predicate.attribute == schema.partition_key && predicate.op == expression::KeyOperator::kEqual)
      return &predicate.first;
  }
  return nullptr;
}

/// A query of the table or of a local index uses its partition's fence, as writes to other partitions do not change its
/// result.
void choose_fence(State& state, PageRead& read, const api::Query& query, const Schema& schema) {
  const core::AttributeValue* const partition =
      read.index.empty() || read.local_index ? partition_of(query, schema) : nullptr;
  if (partition == nullptr) return;
  std::string text;
  json::append_value(*partition, text);
  const EntryKey key = make_entry_key(read.table->name, kPartition, text);
  read.fence = &state.fences->of_partition(key);
  read.fence_name = key.text;
}

/// Returns false if the cache cannot answer the request.
bool resolve(State& state, const Incoming& incoming, bool must_not_wait, PageRead& read) {
  const std::string_view name = incoming.members.required_text("TableName");
  read.kind = incoming.operation.name == "Query" ? ReadKind::kQuery : ReadKind::kScan;
  read.capacity = api::read_capacity_detail(incoming.members);
  read.table = must_not_wait ? state.tables.find(name) : state.tables.learn(name, state.upstream, incoming.request);
  const Schema* const schema = read.table == nullptr ? nullptr : read.table->schema.load();
  read.schema = schema;
  if (schema == nullptr || !state.may_answer() || read.table->lifetime_ms(read.kind) == 0) return false;
  read.index = incoming.members.text("IndexName").value_or(std::string_view());
  read.local_index = schema->local_indexes.contains(read.index);
  read.fence = &read.table->any_item;
  read.fence_name = any_item_name(read.table->name);
  if (read.kind == ReadKind::kQuery) {
    const api::Query query = understand([&] { return api::read_query(incoming.members); });
    choose_fence(state, read, query, *schema);
  }
  // The operation is part of the key: a scan and a legacy query without conditions may have the same text.
  std::string text(incoming.operation.name);
  text += understand([&] { return canonical_request(*incoming.operation.input, incoming.members.json()); });
  read.key = make_entry_key(name, kReplyEntry, text);
  return true;
}

void append_page_capacity(const PageRead& read, std::string& out) {
  json::ObjectWriter writer(out);
  writer.text("TableName", read.table->name);
  writer.real("CapacityUnits", 0);
  if (read.capacity == api::CapacityDetail::kIndexes) {
    writer.key("Table") += R"({"CapacityUnits":0.0})";
    if (!read.index.empty()) {
      json::ObjectWriter indexes(writer.key(read.local_index ? "LocalSecondaryIndexes" : "GlobalSecondaryIndexes"));
      indexes.member(read.index) += R"({"CapacityUnits":0.0})";
      indexes.end();
    }
  }
  writer.end();
}

void append_reply(const PageRead& read, const Value& value, std::string& reply) {
  if (read.capacity == api::CapacityDetail::kNone) {
    reply += *value;
    return;
  }
  reply.append(*value, 0, value->size() - 1);
  reply += value->size() > 2 ? R"(,"ConsumedCapacity":)" : R"("ConsumedCapacity":)";
  append_page_capacity(read, reply);
  reply += '}';
}

/// The reply without the consumed capacity, which depends on the caller; null if it is not a JSON object.
Value without_capacity(const PageRead& read, const std::string& text) {
  if (read.capacity == api::CapacityDetail::kNone && text.starts_with('{') && text.ends_with('}')) {
    return std::make_shared<const std::string>(text);
  }
  BorrowedParser parser;
  json::Object object;
  try {
    if (parser.parse(text).get(object) != simdjson::SUCCESS) return nullptr;
  } catch (const core::ApiError&) {
    return nullptr;
  }
  return std::make_shared<const std::string>('{' + json::members_without(object, {"ConsumedCapacity"}) + '}');
}

bool answer_stale(State& state, const Incoming& incoming, PageRead& read, std::string& reply) {
  const Found found = find_stale(state, read.key, state.caller_of(incoming.request));
  if (found.freshness != Freshness::kFresh) return false;
  append_reply(read, found.value, reply);
  read.as = &Counters::stale;
  note(incoming.request, how::kStale);
  return true;
}

/// Asks the upstream, and caches the answer if a mark was taken.
Value fetch(State& state, const Incoming& incoming, PageRead& read, const std::optional<Mark>& mark,
            std::string& reply) {
  const std::int64_t now_ms = state.now_ms();
  const std::int64_t lifetime_ms = read.table->lifetime_ms(read.kind);
  const std::string_view caller = state.caller_of(incoming.request);
  const auto place = shared_place(read.key, caller, read.fence_name, *read.table, *read.schema);
  SharedLevel::Found shared;
  if (state.shared != nullptr && mark) shared = state.shared->look_up(place, false);
  if (mark && shared.found && shared.value != nullptr) {
    state.store.keep(read.key, caller, shared.value, now_ms + std::min(lifetime_ms, shared.lifetime_ms), *mark,
                     Store::Validity::kWhileMarkHolds);
    read.as = &Counters::hits;
    note(incoming.request, how::kHit);
    append_reply(read, shared.value, reply);
    return shared.value;
  }
  endpoint::ReplyNotes notes;
  const std::string text = state.ask_upstream(incoming.request, incoming.request.body, notes);
  reply += text;
  if (!mark) return nullptr;
  Value value = without_capacity(read, text);
  if (value == nullptr) return nullptr;
  if (state.may_keep(shared.tokens)) {
    state.store.keep(read.key, caller, value, now_ms + lifetime_ms, *mark, Store::Validity::kWhileMarkHolds);
  }
  if (state.shared != nullptr) state.shared->keep(place, shared.tokens, value, lifetime_ms, false);
  return value;
}

void read_through(State& state, const Incoming& incoming, PageRead& read, std::string& reply) {
  const auto mark = take_mark(*read.fence, read.table->whole, state.now_ms(), false);
  try {
    if (!mark) {
      fetch(state, incoming, read, mark, reply);
      return;
    }
    Store::Part part = state.store.join(read.key, state.caller_of(incoming.request), *mark);
    if (part.leads()) {
      try {
        if (const Value value = fetch(state, incoming, read, mark, reply)) part.land(value);
      } catch (const core::ApiError& error) {
        if (applies_to_waiters(state, incoming, read.key, error)) part.fail(error);
        throw;
      }
      return;
    }
    Value value;
    if (part.wait(incoming.request.deadline, value) == Flight::Outcome::kLanded) {
      append_reply(read, value, reply);
    } else {
      fetch(state, incoming, read, std::nullopt, reply);
    }
  } catch (const core::ApiError& error) {
    if (is_outage(error) && answer_stale(state, incoming, read, reply)) return;
    throw;
  }
}

}  // namespace

Answer read_page(State& state, const Incoming& incoming, bool must_not_wait, std::string& reply) {
  PageRead read{};
  if (incoming.members.flag("ConsistentRead")) {
    return must_not_wait ? Answer::kWouldWait : Answer::kPass;
  }
  if (!resolve(state, incoming, must_not_wait, read)) return must_not_wait ? Answer::kWouldWait : Answer::kPass;
  const Found found = state.store.find(read.key, state.caller_of(incoming.request), state.now_ms());
  if (found.freshness == Freshness::kFresh) {
    append_reply(read, found.value, reply);
    read.table->count(read.kind).hits.fetch_add(1, std::memory_order_relaxed);
    note(incoming.request, how::kHit);
    return Answer::kDone;
  }
  if (must_not_wait) return Answer::kWouldWait;
  const CountAtEnd count(read.table->count(read.kind), read.as);
  note(incoming.request, how::kMiss);
  read_with_stale_deadline(state, incoming, read.key,
                           [&](const Incoming& asked) { read_through(state, asked, read, reply); });
  return Answer::kDone;
}

}  // namespace stator::cache
