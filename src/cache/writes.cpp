#include <algorithm>
#include <set>
#include <vector>

#include "api/request_access.h"
#include "api/requests/batch_requests.h"
#include "api/requests/item_requests.h"
#include "api/requests/transaction_requests.h"
#include "cache/canonical.h"
#include "cache/state.h"
#include "json/item.h"
#include "json/members.h"

/// Writes. Their fences begin before the request is sent, so that nothing read meanwhile is cached. When the result is
/// known, entries are replaced or dropped, and the fences end.
namespace stator::cache {
namespace {

Doubt doubt_after(const State& state, Outcome outcome) {
  const std::int64_t now_ms = state.now_ms();
  return {.settles_ms = now_ms + state.options.settle_ms,
          .certain_ms = outcome == Outcome::kUnknown ? now_ms + state.options.doubt_ms : 0};
}

/// The fences of the items that one request writes.
class FencedItems {
 public:
  FencedItems(State& state, const Incoming& incoming) : state_(state), incoming_(incoming), begun_ms_(state.now_ms()) {}
  ~FencedItems() {
    // Only what an unexpected exception left.
    end_all(Outcome::kUnknown);
  }
  FencedItems(const FencedItems&) = delete;
  FencedItems& operator=(const FencedItems&) = delete;

  /// Adds an item, given by its key's attributes or as a whole. Returns its number.
  std::size_t add(std::string_view table, const api::KeyAttributes& key) {
    return add(table, [&](const Schema& schema) { return canonical_key(schema, key); });
  }
  std::size_t add(std::string_view table, const json::EncodedItem& item) {
    return add(table, [&](const Schema& schema) { return canonical_key_of_item(schema, item.json); });
  }
  /// Sets the item that a successful write leaves; without this the entry is dropped.
  void set_resulting_item(std::size_t number, Value item) {
    items_[number].after = std::move(item);
    items_[number].after_is_known = true;
  }
  /// Sets the outcome of one write, if it differs from that of the request.
  void set_outcome(std::size_t number, Outcome outcome) { items_[number].outcome = outcome; }
  void end_all(Outcome outcome) {
    // The shared level first: a reader that comes here after the write has ended must not find the earlier state there.
    end_there(outcome);
    for (Item& item : items_) end(item, item.outcome.value_or(outcome));
    end_unknown_tables(outcome);
  }
  /// Call this before the request is sent: begins the fences of the shared level.
  void begin() {
    if (state_.shared == nullptr || begun_there_) return;
    begun_there_ = true;
    std::set<std::string> tables;
    for (const Item& item : items_) {
      if (item.table != nullptr) tables.insert(item.table->name);
    }
    doubted_there_ = state_.shared->begin_write(fence_names(), tables);
  }
  [[nodiscard]] const std::string& key_text(std::size_t number) const { return items_[number].key.text; }

 private:
  struct Item {
    Table* table = nullptr;  // null: its key is unknown
    EntryKey key;
    std::string canonical_key;
    std::string partition_name;
    Fence* partition = nullptr;
    Mark begun;
    std::optional<Outcome> outcome;
    bool under_way = false;
    bool after_is_known = false;
    Value after;
  };

  template <class MakeKey>
  std::size_t add(std::string_view table_name, const MakeKey& make_key) {
    Item& item = items_.emplace_back();
    Table* const table = state_.tables.learn(table_name, state_.upstream, incoming_.request);
    const Schema* const schema = table == nullptr ? nullptr : table->schema.load();
    const auto key = schema == nullptr ? std::nullopt : make_key(*schema);
    if (!key) {
      if (schema != nullptr) state_.tables.doubt_schema(*table, state_.upstream, incoming_.request);
      unknown_tables_.emplace(table_name);
      unknown_names_.emplace(table_name);
      return items_.size() - 1;
    }
    item.table = table;
    item.key = make_entry_key(table_name, kItemEntry, *key);
    item.canonical_key = *key;
    const EntryKey partition = make_entry_key(table_name, kPartition, canonical_partition(*key));
    item.partition = &state_.fences->of_partition(partition);
    item.partition_name = partition.text;
    item.begun.own = &state_.fences->of_item(item.key);
    item.begun.table = &table->whole;
    item.under_way = true;
    table->any_item.begin_write();
    item.partition->begin_write();
    item.begun.own->begin_write();
    item.begun.own_version = item.begun.own->version();
    item.begun.table_version = table->whole.version();
    return items_.size() - 1;
  }

  void end_there(Outcome outcome) {
    if (state_.shared == nullptr || !begun_there_) return;
    begun_there_ = false;
    std::vector<SharedChange> changes;
    bool in_doubt = outcome == Outcome::kUnknown && !unknown_tables_.empty();
    for (const Item& item : items_) {
      const Outcome of_item = item.outcome.value_or(outcome);
      if (!item.under_way || of_item == Outcome::kNothing) continue;
      changes.push_back({item.table->name, item.canonical_key});
      in_doubt = in_doubt || of_item == Outcome::kUnknown;
    }
    if (outcome != Outcome::kNothing) {
      for (const std::string& name : unknown_tables_) changes.push_back({name, {}});
    }
    state_.shared->end_write(fence_names(), changes, in_doubt);
  }

  void end(Item& item, Outcome outcome) {
    if (!item.under_way) return;
    item.under_way = false;
    if (outcome == Outcome::kNothing) {
      for (Fence* const fence : {item.begun.own, item.partition, &item.table->any_item}) fence->end_write();
      return;
    }
    const std::int64_t lifetime_ms = item.table->lifetime_ms(ReadKind::kItem);
    const std::int64_t now_ms = state_.now_ms();
    const bool certain = item.begun.own->is_certain(now_ms) && item.begun.table->is_certain(now_ms) &&
                         !doubted_there_.contains(item.key.text) && !doubted_there_.contains(item.table->name);
    if (outcome == Outcome::kDone && item.after_is_known && lifetime_ms > 0 && certain) {
      state_.store.replace(item.key, state_.caller_of(incoming_.request), std::move(item.after),
                           begun_ms_ + lifetime_ms, item.begun);
    } else {
      state_.store.drop(item.key);
    }
    const Doubt doubt = doubt_after(state_, outcome);
    for (Fence* const fence : {item.begun.own, item.partition, &item.table->any_item}) fence->end_write(doubt);
  }

  /// Another request may have learnt of the table, and read from it, since the write began.
  void end_unknown_tables(Outcome outcome) {
    if (outcome != Outcome::kNothing) {
      for (const std::string& name : unknown_tables_) {
        if (Table* const table = state_.tables.find_any(name)) {
          table->whole.note_change(doubt_after(state_, outcome));
        }
      }
    }
    unknown_tables_.clear();
  }

  /// The names of the fences in the shared level.
  [[nodiscard]] std::vector<std::string> fence_names() const {
    std::vector<std::string> names(unknown_names_.begin(), unknown_names_.end());
    for (const Item& item : items_) {
      if (item.table == nullptr) continue;
      names.insert(names.end(), {item.key.text, item.partition_name, any_item_name(item.table->name)});
    }
    return names;
  }

  State& state_;
  const Incoming& incoming_;
  const std::int64_t begun_ms_;
  bool begun_there_ = false;
  std::set<std::string> doubted_there_;  // names of fences and tables
  std::set<std::string> unknown_names_;  // names of tables
  std::vector<Item> items_;
  std::set<std::string> unknown_tables_;
};

/// The effect of a write that succeeded: an earlier attempt without an answer may still take effect after it.
Outcome outcome_of_success(const endpoint::ReplyNotes& notes) {
  return notes.uncertain ? Outcome::kUnknown : Outcome::kDone;
}

struct Sent {
  std::string reply;
  Outcome outcome;
};

/// Sends the request; if it fails, ends all writes as the error implies.
Sent send(State& state, const Incoming& incoming, FencedItems& items) {
  endpoint::ReplyNotes notes;
  items.begin();
  try {
    std::string reply = state.ask_upstream(incoming.request, incoming.request.body, notes);
    return {std::move(reply), outcome_of_success(notes)};
  } catch (const core::ApiError& error) {
    items.end_all(outcome_of(error, notes));
    throw;
  }
}

/// Sends the request unchanged, and ends all writes.
void send_all(State& state, const Incoming& incoming, FencedItems& items, std::string& reply) {
  const Sent sent = send(state, incoming, items);
  items.end_all(sent.outcome);
  reply += sent.reply;
}

void put_item(State& state, const Incoming& incoming, std::string& reply) {
  api::PutItem put = understand([&] { return api::read_put_item(incoming.members); });
  FencedItems items(state, incoming);
  const std::size_t number = items.add(put.table_name, put.item);
  items.set_resulting_item(number, std::make_shared<const std::string>(std::move(put.item.json)));
  send_all(state, incoming, items, reply);
}

void delete_item(State& state, const Incoming& incoming, std::string& reply) {
  const api::DeleteItem deletion = understand([&] { return api::read_delete_item(incoming.members); });
  FencedItems items(state, incoming);
  items.set_resulting_item(items.add(deletion.table_name, deletion.key), nullptr);
  send_all(state, incoming, items, reply);
}

/// Sends the update with a request for the new item, which costs nothing; the caller's reply is made without it.
bool update_asking_for_new(State& state, const Incoming& incoming, const api::UpdateItem& update, FencedItems& items,
                           std::size_t number, std::string& reply) {
  std::string body = '{' + json::members_without(incoming.members.json(), {"ReturnValues"});
  body += R"(,"ReturnValues":"ALL_NEW"})";
  endpoint::ReplyNotes notes;
  std::string text;
  items.begin();
  try {
    text = state.ask_upstream(incoming.request, body, notes);
  } catch (const core::ApiError& error) {
    // A policy may forbid asking for the new item.
    if (error.type == core::ErrorCode::kAccessDenied && !notes.uncertain) return false;
    items.end_all(outcome_of(error, notes));
    throw;
  }
  BorrowedParser parser;
  json::Object object;
  Value item;
  const bool readable = parser.parse(text).get(object) == simdjson::SUCCESS;
  if (readable && read_item(object, "Attributes", item) && item != nullptr)
    items.set_resulting_item(number, std::move(item));
  items.end_all(outcome_of_success(notes));
  if (readable && update.return_values == api::ReturnValues::kNone) {
    reply += '{' + json::members_without(object, {"Attributes"}) + '}';
  } else {
    reply += text;
  }
  return true;
}

void update_item(State& state, const Incoming& incoming, std::string& reply) {
  const api::UpdateItem update = understand([&] { return api::read_update_item(incoming.members); });
  FencedItems items(state, incoming);
  const std::size_t number = items.add(update.table_name, update.key);
  const bool may_ask =
      update.return_values == api::ReturnValues::kNone || update.return_values == api::ReturnValues::kAllNew;
  if (may_ask && update_asking_for_new(state, incoming, update, items, number, reply)) return;
  send_all(state, incoming, items, reply);
}

/// The entry keys of the writes that a BatchWriteItem's reply lists as unprocessed; nullopt if it cannot be read.
std::optional<std::set<std::string>> read_left(State& state, const std::string& text) {
  std::set<std::string> left;
  BorrowedParser parser;
  json::Object reply;
  json::Object tables;
  json::Value member;
  try {
    if (parser.parse(text).get(reply) != simdjson::SUCCESS) return std::nullopt;
    if (!json::find_member(reply, "UnprocessedItems", member)) return left;
    if (member.get(tables) != simdjson::SUCCESS) return std::nullopt;
    for (const auto& [table_name, requests] : tables) {
      Table* const table = state.tables.find(table_name);
      const Schema* const schema = table == nullptr ? nullptr : table->schema.load();
      if (schema == nullptr) continue;
      for (const json::Value request : requests.get_array()) {
        json::Object object;
        std::optional<std::string> key;
        if (request.at_pointer("/PutRequest/Item").get(object) == simdjson::SUCCESS) {
          key = canonical_key_of_item(*schema, json::normalise_item(object).json);
        } else if (request.at_pointer("/DeleteRequest/Key").get(object) == simdjson::SUCCESS) {
          key = canonical_key(*schema, api::read_key_attributes(object));
        }
        if (!key) return std::nullopt;
        left.insert(make_entry_key(table_name, kItemEntry, *key).text);
      }
    }
  } catch (const core::ApiError&) {
    return std::nullopt;
  } catch (const simdjson::simdjson_error&) {
    return std::nullopt;
  }
  return left;
}

void batch_write_item(State& state, const Incoming& incoming, std::string& reply) {
  api::BatchWriteItem batch = understand([&] { return api::read_batch_write_item(incoming.members); });
  FencedItems items(state, incoming);
  std::size_t count = 0;
  for (api::BatchWriteGroup& group : batch.groups) {
    for (api::BatchWrite& write : group.writes) {
      ++count;
      if (auto* const put = std::get_if<api::PutItem>(&write)) {
        const std::size_t number = items.add(group.requested_name, put->item);
        items.set_resulting_item(number, std::make_shared<const std::string>(std::move(put->item.json)));
      } else {
        items.set_resulting_item(items.add(group.requested_name, std::get<api::DeleteItem>(write).key), nullptr);
      }
    }
  }
  const Sent sent = send(state, incoming, items);
  const auto left = read_left(state, sent.reply);
  for (std::size_t number = 0; number < count; ++number) {
    // An unprocessed write may have been attempted before it was given up.
    if (!left || left->contains(items.key_text(number))) items.set_outcome(number, Outcome::kUnknown);
  }
  items.end_all(sent.outcome);
  reply += sent.reply;
}

/// Items of a transaction are dropped, not cached: a transaction that repeats a token succeeds without writing its
/// items.
void transact_write_items(State& state, const Incoming& incoming, std::string& reply) {
  const api::TransactWriteItems transaction =
      understand([&] { return api::read_transact_write_items(incoming.members); });
  FencedItems items(state, incoming);
  for (const api::TransactWrite& action : transaction.actions) {
    if (const auto* const put = std::get_if<api::PutItem>(&action)) items.add(put->table_name, put->item);
    if (const auto* const deletion = std::get_if<api::DeleteItem>(&action)) {
      items.add(deletion->table_name, deletion->key);
    }
    if (const auto* const update = std::get_if<api::UpdateItem>(&action)) items.add(update->table_name, update->key);
  }
  send_all(state, incoming, items, reply);
}

/// Whether the operation may change the table's schema, or replace the table.
bool changes_schema(std::string_view operation) {
  return operation == "CreateTable" || operation == "UpdateTable" || operation == "DeleteTable" ||
         operation == "ImportTable" || operation.starts_with("RestoreTable");
}

}  // namespace

Outcome outcome_of(const core::ApiError& error, const endpoint::ReplyNotes& notes) {
  const bool refused = core::http_status(error) < 500 && error.type != core::ErrorCode::kTransactionInProgress;
  return refused && !notes.uncertain ? Outcome::kNothing : Outcome::kUnknown;
}

void write_items(State& state, const Incoming& incoming, std::string& reply) {
  const std::string_view operation = incoming.operation.name;
  if (operation == "PutItem") return put_item(state, incoming, reply);
  if (operation == "UpdateItem") return update_item(state, incoming, reply);
  if (operation == "DeleteItem") return delete_item(state, incoming, reply);
  if (operation == "BatchWriteItem") return batch_write_item(state, incoming, reply);
  return transact_write_items(state, incoming, reply);
}

void write_tables(State& state, const endpoint::Request& request, const json::Value* value, std::string& reply) {
  std::set<std::string> names;
  if (value != nullptr) {
    api::for_each_table(request.operation, *value, [&](std::string_view name) { names.emplace(name); });
  }
  // A table that is learnt of meanwhile is handled at the end.
  std::vector<Table*> tables;
  if (names.empty()) {
    tables = state.tables.all();
  } else {
    for (const std::string& name : names) {
      if (Table* const table = state.tables.find_any(name)) tables.push_back(table);
    }
  }
  for (Table* const table : tables) table->whole.begin_write();
  std::vector<std::string> shared_names(names.begin(), names.end());
  if (names.empty()) {
    for (const Table* const table : tables) shared_names.push_back(table->name);
  }
  if (state.shared != nullptr) state.shared->begin_write(shared_names);
  endpoint::ReplyNotes notes;
  Outcome outcome = Outcome::kUnknown;
  const auto end = [&] {
    if (state.shared != nullptr) {
      std::vector<SharedChange> changes;
      for (const std::string& name : shared_names) {
        if (outcome != Outcome::kNothing) changes.push_back({name, {}});
      }
      state.shared->end_write(shared_names, changes, outcome == Outcome::kUnknown);
    }
    for (Table* const table : tables) {
      if (outcome == Outcome::kNothing) {
        table->whole.end_write();
      } else {
        table->whole.end_write(doubt_after(state, outcome));
      }
    }
    if (outcome == Outcome::kNothing) return;
    for (Table* const table : state.tables.all()) {
      const bool meant = names.empty() || names.contains(table->name);
      if (meant && std::ranges::find(tables, table) == tables.end()) {
        table->whole.note_change(doubt_after(state, outcome));
      }
    }
    if (!changes_schema(request.operation)) return;
    for (const std::string& name : names) state.tables.forget_schema(name);
  };
  try {
    reply += state.ask_upstream(request, request.body, notes);
    outcome = outcome_of_success(notes);
  } catch (const core::ApiError& error) {
    outcome = outcome_of(error, notes);
    end();
    throw;
  } catch (...) {
    end();
    throw;
  }
  end();
}

}  // namespace stator::cache
