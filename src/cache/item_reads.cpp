#include "api/item_operations.h"
#include "api/requests/item_requests.h"
#include "api/requests/transaction_requests.h"
#include "cache/canonical.h"
#include "cache/state.h"
#include "json/members.h"
#include "json/object_writer.h"

/// GetItem and TransactGetItems.
namespace stator::cache {
namespace {

/// A GetItem that the cache may answer.
struct ItemRead {
  Table* table;
  const Schema* schema;
  api::GetItem get;
  EntryKey key;
  bool rewritten = false;  // the upstream is asked for the whole item
  CountedAs as = &Counters::misses;
};

void append_reply(const ItemRead& read, const Value& item, std::string& reply) {
  json::ObjectWriter writer(reply);
  if (item != nullptr) api::append_item(*item, read.get.projection, writer.key("Item"));
  if (read.get.capacity != api::CapacityDetail::kNone) {
    append_no_capacity(read.table->name, read.get.capacity, writer.key("ConsumedCapacity"));
  }
  writer.end();
}

/// The body that asks for the whole item: this costs the same capacity units, and can then answer requests for any
/// part.
std::string whole_item_body(const json::Object& request) {
  return '{' + json::members_without(request, {"ProjectionExpression", "ExpressionAttributeNames", "AttributesToGet"}) +
         '}';
}

/// The upstream's answer: the item, and whether it may be cached.
struct Answered {
  bool keepable = false;
  Value item;
};

/// Thrown if this cache cannot read the upstream's whole item.
struct Unreadable {};

Answered read_answer(const ItemRead& read, const std::string& text, std::string& reply) {
  Answered answered;
  BorrowedParser parser;
  json::Object object;
  if (parser.parse(text).get(object) == simdjson::SUCCESS) {
    answered.keepable = (read.rewritten || !read.get.projection) && read_item(object, "Item", answered.item);
  }
  if (!read.rewritten) {
    reply += text;
    return answered;
  }
  if (!answered.keepable) throw Unreadable();
  std::string rest = json::members_without(object, {"Item"});
  json::ObjectWriter writer(reply);
  if (answered.item != nullptr) api::append_item(*answered.item, read.get.projection, writer.key("Item"));
  if (!rest.empty()) (reply += writer.empty() ? "{" : ",") += rest + '}';
  if (rest.empty()) writer.end();
  return answered;
}

/// Asks the upstream; the caller caches the item.
Answered fetch(State& state, const Incoming& incoming, ItemRead& read, std::string& reply) {
  endpoint::ReplyNotes notes;
  read.rewritten = read.get.projection.has_value();
  const std::size_t length_before = reply.size();
  if (read.rewritten) {
    try {
      return read_answer(read, state.ask_upstream(incoming.request, whole_item_body(incoming.members.json()), notes),
                         reply);
    } catch (const core::ApiError& error) {
      // A policy may allow only certain attributes.
      if (error.type != core::ErrorCode::kAccessDenied) throw;
    } catch (const Unreadable&) {
      // Some upstreams store what the service refuses; the caller may want another part of the item.
    }
    reply.resize(length_before);
    read.rewritten = false;
  }
  return read_answer(read, state.ask_upstream(incoming.request, incoming.request.body, notes), reply);
}

SharedLevel::Place place_of(const State& state, const Incoming& incoming, const ItemRead& read) {
  return shared_place(read.key, state.caller_of(incoming.request), read.key.text, *read.table, *read.schema);
}

void read_consistently(State& state, const Incoming& incoming, const ItemRead& read, std::string& reply) {
  const std::int64_t now_ms = state.now_ms();
  Fence& fence = state.fences->of_item(read.key);
  auto mark = take_mark(fence, read.table->whole, now_ms, true);
  const auto place = place_of(state, incoming, read);
  SharedLevel::Tokens tokens;
  if (state.shared != nullptr && mark) tokens = state.shared->look_up(place, true).tokens;
  endpoint::ReplyNotes notes;
  const Answered answered =
      read_answer(read, state.ask_upstream(incoming.request, incoming.request.body, notes), reply);
  read.table->count(ReadKind::kItem).passed.fetch_add(1, std::memory_order_relaxed);
  note(incoming.request, how::kPass);
  // Readers that began before this one may have older results, so invalidate their marks.
  if (!answered.keepable || !mark || !fence.renew(mark->own_version) || !state.may_keep(tokens)) return;
  state.store.keep(read.key, state.caller_of(incoming.request), answered.item,
                   now_ms + read.table->lifetime_ms(ReadKind::kItem), *mark, Store::Validity::kUntilDropped);
  if (state.shared != nullptr) {
    state.shared->keep(place, tokens, answered.item, read.table->lifetime_ms(ReadKind::kItem), true);
  }
}

/// With stale_if_error, answers with the expired item. Returns false if there is none, or if it is too old.
bool answer_stale(State& state, const Incoming& incoming, ItemRead& read, std::string& reply) {
  const Found found = find_stale(state, read.key, state.caller_of(incoming.request));
  if (found.freshness != Freshness::kFresh) return false;
  append_reply(read, found.value, reply);
  read.as = &Counters::stale;
  note(incoming.request, how::kStale);
  return true;
}

/// Leads a flight: asks the shared level, then the upstream, and caches the answer.
void lead(State& state, const Incoming& incoming, ItemRead& read, Store::Part& flight, std::string& reply) {
  const std::string_view caller = state.caller_of(incoming.request);
  const std::int64_t now_ms = state.now_ms();
  const std::int64_t lifetime_ms = read.table->lifetime_ms(ReadKind::kItem);
  const auto place = place_of(state, incoming, read);
  SharedLevel::Found shared;
  if (state.shared != nullptr) shared = state.shared->look_up(place, false);
  if (shared.found) {
    state.store.keep(read.key, caller, shared.value, now_ms + std::min(lifetime_ms, shared.lifetime_ms), flight.mark(),
                     Store::Validity::kUntilDropped);
    flight.land(shared.value);
    read.as = &Counters::hits;
    note(incoming.request, how::kHit);
    return append_reply(read, shared.value, reply);
  }
  const Answered answered = fetch(state, incoming, read, reply);
  if (!answered.keepable) return;
  if (state.may_keep(shared.tokens)) {
    state.store.keep(read.key, caller, answered.item, now_ms + lifetime_ms, flight.mark(),
                     Store::Validity::kUntilDropped);
  }
  if (state.shared != nullptr) state.shared->keep(place, shared.tokens, answered.item, lifetime_ms, false);
  flight.land(answered.item);
}

void read_through(State& state, const Incoming& incoming, ItemRead& read, std::string& reply) {
  const std::string_view caller = state.caller_of(incoming.request);
  const std::int64_t now_ms = state.now_ms();
  const auto mark = take_mark(state.fences->of_item(read.key), read.table->whole, now_ms, false);
  Store::Part part;
  if (mark) {
    Store::Part joined = state.store.join(read.key, caller, *mark);
    if (!joined.leads()) {
      Value item;
      try {
        if (joined.wait(incoming.request.deadline, item) == Flight::Outcome::kLanded) {
          return append_reply(read, item, reply);
        }
      } catch (const core::ApiError& error) {
        if (is_outage(error) && answer_stale(state, incoming, read, reply)) return;
        throw;
      }
    } else {
      const std::size_t length_before = reply.size();
      try {
        lead(state, incoming, read, joined, reply);
      } catch (const core::ApiError& error) {
        reply.resize(length_before);
        if (applies_to_waiters(state, incoming, read.key, error)) joined.fail(error);
        if (is_outage(error) && answer_stale(state, incoming, read, reply)) return;
        throw;
      }
      return;
    }
  }
  try {
    fetch(state, incoming, read, reply);
  } catch (const core::ApiError& error) {
    if (is_outage(error) && answer_stale(state, incoming, read, reply)) return;
    throw;
  }
}

/// One of the reads of a TransactGetItems; `mark` is nullopt if its item cannot be cached.
struct TransactPart {
  Table* table = nullptr;
  EntryKey key;
  std::optional<Mark> mark;
  SharedLevel::Place place;
  SharedLevel::Tokens tokens;
};

std::vector<TransactPart> parts_of(State& state, const Incoming& incoming, const api::TransactGetItems& transaction) {
  const std::int64_t now_ms = state.now_ms();
  std::vector<TransactPart> parts;
  for (const api::GetItem& get : transaction.gets) {
    TransactPart& part = parts.emplace_back();
    part.table = state.tables.find(get.table_name);
    const Schema* const schema = part.table == nullptr ? nullptr : part.table->schema.load();
    if (schema == nullptr || get.projection || part.table->lifetime_ms(ReadKind::kItem) == 0) continue;
    const auto key = canonical_key(*schema, get.key);
    if (!key) continue;
    part.key = make_entry_key(part.table->name, kItemEntry, *key);
    part.mark = take_mark(state.fences->of_item(part.key), part.table->whole, now_ms, true);
    part.place = shared_place(part.key, state.caller_of(incoming.request), part.key.text, *part.table, *schema);
  }
  if (state.shared == nullptr) return parts;
  std::vector<TransactPart*> kept;
  std::vector<SharedLevel::LookUp> asked;
  for (TransactPart& part : parts) {
    if (!part.mark) continue;
    kept.push_back(&part);
    asked.push_back({part.place, true});
  }
  std::vector<SharedLevel::Found> found = state.shared->look_up(asked);
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i]->tokens = std::move(found[i].tokens);
  return parts;
}

/// Caches the items of the upstream's reply, which are in the request's order.
void keep_parts(State& state, const Incoming& incoming, std::vector<TransactPart>& parts, const std::string& text,
                std::int64_t now_ms) {
  BorrowedParser parser;
  json::Array responses;
  if (parser.parse(text).at_key("Responses").get(responses) != simdjson::SUCCESS) return;
  std::size_t i = 0;
  std::vector<SharedLevel::Kept> shared;
  for (const json::Value response : responses) {
    if (i == parts.size()) break;
    TransactPart& part = parts[i++];
    json::Object object;
    Value item;
    if (!part.mark || response.get(object) != simdjson::SUCCESS || !read_item(object, "Item", item)) continue;
    if (!part.mark->own->renew(part.mark->own_version) || !state.may_keep(part.tokens)) continue;
    const std::int64_t lifetime_ms = part.table->lifetime_ms(ReadKind::kItem);
    state.store.keep(part.key, state.caller_of(incoming.request), item, now_ms + lifetime_ms, *part.mark,
                     Store::Validity::kUntilDropped);
    shared.push_back({std::move(part.place), std::move(part.tokens), std::move(item), lifetime_ms, true});
  }
  if (state.shared != nullptr) state.shared->keep(shared);
}

}  // namespace

Answer get_item(State& state, const Incoming& incoming, bool must_not_wait, std::string& reply) {
  ItemRead read{.table = nullptr,
                .schema = nullptr,
                .get = understand([&] { return api::read_get_item(incoming.members); }),
                .key = {}};
  const std::string_view name = incoming.members.required_text("TableName");
  read.table = must_not_wait ? state.tables.find(name) : state.tables.learn(name, state.upstream, incoming.request);
  if (read.table == nullptr || !state.may_answer()) return must_not_wait ? Answer::kWouldWait : Answer::kPass;
  if (read.table->lifetime_ms(ReadKind::kItem) == 0) return must_not_wait ? Answer::kWouldWait : Answer::kPass;
  const Schema* const schema = read.table->schema.load();
  read.schema = schema;
  const auto key = schema == nullptr ? std::nullopt : canonical_key(*schema, read.get.key);
  if (!key && must_not_wait) return Answer::kWouldWait;
  if (!key) {
    state.tables.doubt_schema(*read.table, state.upstream, incoming.request);
    return Answer::kPass;
  }
  read.key = make_entry_key(name, kItemEntry, *key);
  if (read.get.consistent_read) {
    if (must_not_wait) return Answer::kWouldWait;
    read_consistently(state, incoming, read, reply);
    return Answer::kDone;
  }
  const Found found = state.store.find(read.key, state.caller_of(incoming.request), state.now_ms());
  if (found.freshness == Freshness::kFresh) {
    append_reply(read, found.value, reply);
    read.table->count(ReadKind::kItem).hits.fetch_add(1, std::memory_order_relaxed);
    note(incoming.request, how::kHit);
    return Answer::kDone;
  }
  if (must_not_wait) return Answer::kWouldWait;
  const CountAtEnd count(read.table->count(ReadKind::kItem), read.as);
  note(incoming.request, how::kMiss);
  read_with_stale_deadline(state, incoming, read.key,
                           [&](const Incoming& asked) { read_through(state, asked, read, reply); });
  return Answer::kDone;
}

Answer transact_get_items(State& state, const Incoming& incoming, std::string& reply) {
  const api::TransactGetItems transaction = understand([&] { return api::read_transact_get_items(incoming.members); });
  const std::int64_t now_ms = state.now_ms();
  std::vector<TransactPart> parts = parts_of(state, incoming, transaction);
  endpoint::ReplyNotes notes;
  const std::string text = state.ask_upstream(incoming.request, incoming.request.body, notes);
  reply += text;
  note(incoming.request, how::kPass);
  keep_parts(state, incoming, parts, text, now_ms);
  return Answer::kDone;
}

}  // namespace stator::cache
