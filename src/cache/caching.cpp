#include "cache/caching.h"

#include <algorithm>

#include "api/request_access.h"
#include "api/requests/key_attributes.h"
#include "api/shape.h"
#include "cache/canonical.h"
#include "cache/state.h"

namespace stator::cache {
namespace {

bool is_cached_read(std::string_view operation) {
  return operation == "GetItem" || operation == "BatchGetItem" || operation == "Query" || operation == "Scan";
}

bool writes_items(std::string_view operation) {
  return operation == "PutItem" || operation == "UpdateItem" || operation == "DeleteItem" ||
         operation == "BatchWriteItem" || operation == "TransactWriteItems";
}

/// Whether the cache understands the whole request. An invalid one is left to the upstream, which refuses it in its own
/// words.
bool is_understood(const api::Operation& operation, const json::Value& value, json::Object& object) {
  if (value.get(object) != simdjson::SUCCESS) return false;
  try {
    // A table's ARN may belong to another account.
    return api::check_shape(operation, object).table_arns.empty() && has_only_known_members(*operation.input, value);
  } catch (const core::ApiError&) {
    return false;
  }
}

Answer read(State& state, const Incoming& incoming, bool must_not_wait, std::string& reply) {
  const std::string_view operation = incoming.operation.name;
  if (operation == "GetItem") return get_item(state, incoming, must_not_wait, reply);
  if (operation == "BatchGetItem") return batch_get_item(state, incoming, must_not_wait, reply);
  return read_page(state, incoming, must_not_wait, reply);
}

void pass(State& state, const endpoint::Request& request, std::string& reply) {
  endpoint::ReplyNotes notes;
  reply += state.ask_upstream(request, request.body, notes);
  note(request, how::kPass);
}

/// Invalidates everything read of the table, here and in the other nodes of a shared level. The shared level comes
/// first; otherwise a reader here could get it from there again in between.
void drop_table(State& state, Table& table) {
  if (state.shared != nullptr) state.shared->end_write({table.name}, {{table.name, {}}}, false);
  table.whole.note_change();
}

/// Called when the upstream knows no such table: others have deleted it, so its entries are outdated.
void drop_missing_tables(State& state, const endpoint::Request& request) {
  if (request.service != endpoint::Service::kDynamoDb) return;
  const auto drop = [&state](std::string_view name) {
    Table* const table = state.tables.find(name);
    if (table == nullptr) return;  // nothing is cached of it
    state.tables.forget_schema(name);
    drop_table(state, *table);
  };
  BorrowedParser parser;
  try {
    api::for_each_table(request.operation, parser.parse(request.body, request.padding_bytes), drop);
  } catch (const core::ApiError&) {
    // Not JSON, so it names no table.
  }
}

void answer(State& state, const endpoint::Request& request, std::string& reply) {
  const api::Operation* const operation =
      request.service == endpoint::Service::kDynamoDb ? api::find_operation(request.operation) : nullptr;
  if (request.service != endpoint::Service::kDynamoDb) return pass(state, request, reply);
  note(request, how::kPass);
  BorrowedParser parser;
  json::Object object;
  json::Value value;
  try {
    value = parser.parse(request.body, request.padding_bytes);
  } catch (const core::ApiError&) {
    return pass(state, request, reply);  // not JSON: the upstream refuses it
  }
  if (operation == nullptr) return write_tables(state, request, nullptr, reply);
  const bool reads = api::effect_of(*operation, value) == api::Effect::kRead;
  const bool concerns_items =
      is_cached_read(request.operation) || writes_items(request.operation) || request.operation == "TransactGetItems";
  if (concerns_items && is_understood(*operation, value, object)) {
    const Incoming incoming{request, *operation, api::Members(object)};
    try {
      if (!reads) return write_items(state, incoming, reply);
      const Answer answer = request.operation == "TransactGetItems" ? transact_get_items(state, incoming, reply)
                                                                    : read(state, incoming, false, reply);
      if (answer == Answer::kDone) return;
    } catch (const NotUnderstood&) {
    }
  }
  if (!reads) return write_tables(state, request, &value, reply);
  count_passed(state, request.operation, value);
  pass(state, request, reply);
}

}  // namespace

Caching::Caching(std::unique_ptr<endpoint::Endpoint> upstream, Options options)
    : upstream_(std::move(upstream)), state_(std::make_unique<State>(*upstream_, std::move(options))) {
  State& state = *state_;
  if (!state.options.shared) return;
  const auto on_change = [&state](const SharedChange& change) {
    Table* const table = state.tables.find_any(change.table);
    if (table == nullptr) return;
    const Doubt doubt{.settles_ms = state.now_ms() + state.options.settle_ms,
                      .certain_ms = change.in_doubt ? state.now_ms() + state.options.doubt_ms : 0};
    if (change.key.empty()) return table->whole.note_change(doubt);
    // Another node may have seen in a stream what was written through this one.
    const auto is_now = [&](const Value& item) { return image_digest(item) == change.image; };
    const EntryKey entry = make_entry_key(table->name, kItemEntry, change.key);
    if (!change.image.empty() && !state.store.note_change(entry, is_now)) return;
    drop_item(state, *table, change.key, doubt);
  };
  const auto on_up = [&state] {
    for (Table* const table : state.tables.all()) table->whole.note_change();
  };
  state.shared = std::make_unique<SharedLevel>(SharedLevel::Options{.address = *state.options.shared,
                                                                    .name = state.options.shared_name,
                                                                    .settle_ms = state.options.settle_ms,
                                                                    .doubt_ms = state.options.doubt_ms,
                                                                    .log = state.options.log,
                                                                    .on_change = on_change,
                                                                    .on_up = on_up});
  state.tables.on_new_schema = [&state](const Table& table) {
    state.shared->end_write({table.name}, {{table.name, {}}}, false);
  };
}

Caching::~Caching() = default;

void Caching::wait_for_shared_level(std::chrono::milliseconds patience) {
  if (state_->shared != nullptr) state_->shared->wait_until_up(patience);
}

endpoint::Effort Caching::effort(std::string_view operation) const {
  return is_cached_read(operation) ? endpoint::Effort::kMayWait : upstream_->effort(operation);
}

std::string Caching::describe() const { return "a cache before " + upstream_->describe(); }

void Caching::clear() {
  for (Table* const table : state_->tables.all()) drop_table(*state_, *table);
  state_->store.clear();
}

bool Caching::try_call(const endpoint::Request& request, std::string& reply) {
  const api::Operation* const operation = api::find_operation(request.operation);
  if (operation == nullptr || !is_cached_read(request.operation) || request.service != endpoint::Service::kDynamoDb) {
    return false;
  }
  const std::size_t length_before = reply.size();
  try {
    BorrowedParser parser;
    json::Object object;
    const json::Value value = parser.parse(request.body, request.padding_bytes);
    if (!is_understood(*operation, value, object)) return false;
    const Incoming incoming{request, *operation, api::Members(object)};
    return read(*state_, incoming, true, reply) == Answer::kDone;
  } catch (const NotUnderstood&) {
    return false;
  } catch (const core::ApiError&) {
    reply.resize(length_before);
    return false;
  }
}

void Caching::call(const endpoint::Request& request, std::string& reply) {
  try {
    answer(*state_, request, reply);
  } catch (const core::ApiError& error) {
    if (error.type == core::ErrorCode::kResourceNotFound) drop_missing_tables(*state_, request);
    throw;
  }
}

std::vector<std::string> Caching::tables() const {
  std::vector<std::string> names;
  for (const Table* const table : state_->tables.all()) names.push_back(table->name);
  return names;
}

void Caching::set_followed(std::string_view name, bool followed) {
  Table* const table = state_->tables.find_any(name);
  if (table == nullptr || table->followed.exchange(followed) == followed) return;
  if (followed) return drop_table(*state_, *table);  // the shared level may have missed a change too
  table->whole.note_change();
}

void Caching::note_change(std::string_view name, const json::Object& record) {
  Table* const table = state_->tables.find_any(name);
  if (table == nullptr) return;
  const std::int64_t now_ms = state_->now_ms();
  const Doubt doubt{.settles_ms = now_ms + state_->options.settle_ms};
  table->records.fetch_add(1, std::memory_order_relaxed);
  const Schema* const schema = table->schema.load();
  json::Object change;
  json::Object keys;
  json::Value member;
  std::optional<std::string> key;
  try {
    if (schema != nullptr && json::find_member(record, "dynamodb", member) && member.get(change) == simdjson::SUCCESS &&
        json::find_member(change, "Keys", member) && member.get(keys) == simdjson::SUCCESS) {
      key = canonical_key(*schema, api::read_key_attributes(keys));
    }
  } catch (const core::ApiError&) {
    // Not a key of the known schema, so the schema must have changed.
  }
  if (!key) {
    table->whole.note_change(doubt);
    return;
  }
  double seconds = 0;
  if (json::find_member(change, "ApproximateCreationDateTime", member) && member.get(seconds) == simdjson::SUCCESS) {
    table->lag_ms.store(std::max<std::int64_t>(0, now_ms - static_cast<std::int64_t>(seconds * 1000)));
  }
  std::string_view kind;
  const bool removed =
      json::find_member(record, "eventName", member) && member.get(kind) == simdjson::SUCCESS && kind == "REMOVE";
  Value image;
  const bool known = removed || (json::find_member(change, "NewImage", member) && read_item(change, "NewImage", image));
  const EntryKey entry = make_entry_key(table->name, kItemEntry, *key);
  if (!state_->store.note_change(entry, known, image)) return;
  table->dropped.fetch_add(1, std::memory_order_relaxed);
  if (state_->shared != nullptr) {  // first, as in drop_table
    state_->shared->end_write({entry.text, make_entry_key(table->name, kPartition, canonical_partition(*key)).text,
                               any_item_name(table->name)},
                              {{table->name, *key, known ? image_digest(image) : std::string()}}, false);
  }
  // Prevents readers that read before the change from caching their result after it.
  drop_item(*state_, *table, *key, doubt);
}

}  // namespace stator::cache
