#include "engine/writer.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "core/limits.h"
#include "engine/damage.h"
#include "engine/idempotency.h"
#include "engine/keys.h"
#include "engine/stored_value.h"
#include "engine/time_to_live.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

constexpr std::string_view kConditionFailed = "The conditional request failed";

/// A fault that refuses a whole transaction instead of cancelling it with a reason.
struct BeforeTransaction : core::ApiError {
  using core::ApiError::ApiError;
};

struct ConditionFailed {
  std::string item_json;
};

[[noreturn]] void throw_cancelled(const std::vector<CancellationReason>& reasons) {
  std::string message = "Transaction cancelled, please refer cancellation reasons for specific reasons [";
  std::string extra = "\"CancellationReasons\":[";
  for (const CancellationReason& reason : reasons) {
    const bool first = &reason == &reasons.front();
    message.append(first ? "" : ", ").append(reason.code);
    extra.append(first ? "{\"Code\":" : ",{\"Code\":");
    json::append_string(reason.code, extra);
    if (!reason.message.empty()) {
      extra.append(",\"Message\":");
      json::append_string(reason.message, extra);
    }
    if (!reason.item_json.empty()) extra.append(",\"Item\":").append(reason.item_json);
    extra.push_back('}');
  }
  throw core::ApiError("TransactionCanceledException", message + "]", extra + "]");
}

/// The counters' changes of one transaction for one table and stripe: they share a row.
struct RowChange {
  TablePtr table;
  std::size_t stripe = 0;
  std::vector<CounterDelta> deltas;
  Counters::PendingRow after;
};

void add_counters(const TablePtr& table, std::size_t stripe, const std::vector<CounterDelta>& deltas,
                  std::vector<RowChange>& rows) {
  if (deltas.empty()) return;
  auto row = std::find_if(rows.begin(), rows.end(), [&](const RowChange& candidate) {
    return candidate.stripe == stripe && candidate.table->space == table->space;
  });
  if (row == rows.end()) row = rows.insert(rows.end(), RowChange{table, stripe, {}, {}});
  row->deltas.insert(row->deltas.end(), deltas.begin(), deltas.end());
}

/// Write units of one index entry's change.
/// Source: Developer Guide, "Provisioned throughput considerations for Global Secondary Indexes".
double index_units(bool had, std::size_t old_size, bool has, std::size_t new_size, bool same_key) {
  if (had && has && same_key) return write_units(std::max(old_size, new_size));
  return (had ? write_units(old_size) : 0.0) + (has ? write_units(new_size) : 0.0);
}

/// No item is an item without attributes, to conditions and indexes.
json::Item parse_item(std::string_view json) { return json.empty() ? json::Item() : json::Item(json); }

/// Whether two versions of an entry hold the same: sets and maps have no order.
bool holds_the_same(std::string_view before, std::string_view after) {
  if (before == after) return true;
  return before.size() == after.size() && json::Item(before).holds_same(json::Item(after));
}

std::int64_t difference(std::size_t after, std::size_t before) {
  return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
}

}  // namespace

void Writer::decide(const WriteAction& action, Decision& decision) const {
  decision.stripe = stripes_.of(action.key.encoded);
  decision.table = action.table->state == nullptr ? nullptr : action.table->state->newest(action.table);
  if (decision.table == nullptr || decision.table->status == TableStatus::kDeleting) {
    core::throw_resource_not_found("Requested resource not found");
  }
  decision.table->state->counters.load_once(store_, *decision.table);
  try {
    decide_against_table(action, decision);
  } catch (const core::DamageError& error) {
    throw_damage_in(*decision.table, nullptr, error);
  }
}

void Writer::decide_against_table(const WriteAction& action, Decision& decision) const {
  WriteOutcome& outcome = decision.outcome;
  outcome.existed = store_.get(action.key.encoded, decision.old_value);
  if (outcome.existed) {
    const StoredValue old = read_value(decision.old_value);
    decision.old_json = old.json;
    outcome.old_size_bytes = old.size_bytes;
  }
  if (action.condition != nullptr && !action.condition->matches(parse_item(decision.old_json))) {
    throw ConditionFailed{action.want_old_on_failure ? std::string(decision.old_json) : std::string()};
  }
  decide_new_item(action, decision);
  if (decision.writes) {
    decide_ranges(action, decision);
    const bool exists_after = action.kind != WriteKind::kDelete;
    const CounterDelta delta{decision.table->space, static_cast<int>(exists_after) - static_cast<int>(outcome.existed),
                             difference(outcome.new_size_bytes, outcome.old_size_bytes)};
    if (delta.items != 0 || delta.size_bytes != 0) decision.counters.push_back(delta);
  }
  outcome.capacity.table_write = write_units(std::max(outcome.old_size_bytes, outcome.new_size_bytes));
}

void Writer::decide_new_item(const WriteAction& action, Decision& decision) const {
  WriteOutcome& outcome = decision.outcome;
  switch (action.kind) {
    case WriteKind::kConditionCheck:
      return;
    case WriteKind::kDelete:
      decision.writes = outcome.existed;
      return;
    case WriteKind::kPut:
      decision.writes = true;
      decision.new_json = action.item->json;
      outcome.new_size_bytes = action.item->size_bytes;
      if (outcome.new_size_bytes > core::kMaxItemSizeBytes) {
        core::throw_validation("Item size has exceeded the maximum allowed size");
      }
      return;
    case WriteKind::kUpdate:
      break;
  }
  json::Item item = parse_item(decision.old_json);
  if (!outcome.existed) {
    std::size_t part = 0;
    for (const auto* attributes : {&decision.table->key_schema.hash, &decision.table->key_schema.range}) {
      for (const core::KeyAttribute& attribute : *attributes) item.set(attribute.name, action.key.values.at(part++));
    }
  }
  if (action.update != nullptr) {
    action.update->apply(item, outcome.existed);
    // Removing from an item that is not there makes none.
    if (!outcome.existed && !action.update->creates_item()) return;
  }
  decision.writes = true;
  outcome.new_size_bytes = item.size_bytes();
  std::size_t held_size = outcome.new_size_bytes;
  if (action.update != nullptr && !decision.in_transaction) {
    const std::size_t cost = action.update->action_cost_bytes();
    if (held_size + cost > core::kMaxItemSizeBytes) {
      held_size = std::max(held_size, action.update->written_size_bytes(item) + cost);
    }
  }
  if (held_size > core::kMaxItemSizeBytes) {
    core::throw_validation("Item size to update has exceeded the maximum allowed size");
  }
  item.append_json(decision.updated_json);
  decision.new_json = decision.updated_json;
}

/// What is written beside the item: index entries and the time-to-live row.
void Writer::decide_ranges(const WriteAction& action, Decision& decision) const {
  const Table& table = *decision.table;
  if (table.indexes.empty() && table.ttl_space == 0) return;
  const json::Item old_item = parse_item(decision.old_json);
  const json::Item new_item = parse_item(decision.new_json);
  if (!table.indexes.empty()) decide_indexes(action, old_item, new_item, decision);
  if (table.ttl_space == 0) return;
  decision.old_expiry = expiry_seconds(old_item, table.ttl_attribute);
  decision.new_expiry = expiry_seconds(new_item, table.ttl_attribute);
}

void Writer::decide_indexes(const WriteAction& action, const json::Item& old_item, const json::Item& new_item,
                            Decision& decision) const {
  const Table& table = *decision.table;
  if (action.kind == WriteKind::kPut || action.update != nullptr) {
    const expression::Update* update = action.kind == WriteKind::kUpdate ? action.update : nullptr;
    if (auto fault = check_index_keys(table, new_item, update)) {
      if (fault->before_transaction) throw BeforeTransaction(fault->error.type, fault->error.message);
      throw std::move(fault->error);
    }
  }
  const std::string_view parts = key_parts(action.key.encoded);
  WriteOutcome& outcome = decision.outcome;
  for (const Index& index : table.indexes) {
    if (index.status == TableStatus::kDeleting) continue;
    std::optional<IndexEntry> before;
    std::optional<IndexEntry> after;
    if (outcome.existed) {
      before = make_index_entry(table, index, old_item, decision.old_json, outcome.old_size_bytes, parts);
    }
    if (!decision.new_json.empty()) {
      after = make_index_entry(table, index, new_item, decision.new_json, outcome.new_size_bytes, parts);
    }
    // The backfill may not have come to this item yet.
    if (before && index.backfilling && !store_.visit(before->key, [](std::string_view) {})) before.reset();
    if (!before && !after) continue;
    const bool same_key = before && after && before->key == after->key;
    if (same_key && before->json() == after->json()) continue;

    const std::size_t old_size = before ? before->size_bytes : 0;
    const std::size_t new_size = after ? after->size_bytes : 0;
    if (!same_key || !holds_the_same(before->json(), after->json())) {
      outcome.capacity.indexes.push_back(
          {IndexPtr(decision.table, &index), 0,
           index_units(before.has_value(), old_size, after.has_value(), new_size, same_key)});
    }
    const CounterDelta delta{index.space, static_cast<int>(after.has_value()) - static_cast<int>(before.has_value()),
                             difference(new_size, old_size)};
    if (delta.items != 0 || delta.size_bytes != 0) decision.counters.push_back(delta);
    Decision::IndexChange change;
    change.space = index.space;
    if (before && !same_key) change.removed_key = std::move(before->key);
    change.put = std::move(after);
    decision.index_changes.push_back(std::move(change));
  }
}

void Writer::append(const WriteAction& action, const Decision& decision, store::Batch& batch) {
  std::string header;
  if (action.kind == WriteKind::kDelete) {
    batch.remove(action.key.encoded);
  } else {
    append_value_header(decision.outcome.new_size_bytes, header);
    batch.put(action.key.encoded, header, decision.new_json);
  }
  for (const Decision::IndexChange& change : decision.index_changes) {
    if (!change.removed_key.empty()) batch.remove(change.removed_key);
    if (!change.put) continue;
    header.clear();
    append_value_header(change.put->size_bytes, header);
    batch.put(change.put->key, header, change.put->json());
  }
  append_expiry(action, decision, batch);
}

void Writer::append_expiry(const WriteAction& action, const Decision& decision, store::Batch& batch) {
  const Table& table = *decision.table;
  const auto& before = decision.old_expiry;
  const auto& after = decision.new_expiry;
  if (before && before != after) batch.remove(expiry_key(table.ttl_space, *before, action.key.encoded));
  // The build of the range may not have come to this item yet, and passes over items that were written.
  if (after && (before != after || table.ttl_building)) {
    batch.put(expiry_key(table.ttl_space, *after, action.key.encoded), {});
  }
}

void Writer::note_expiry(const Decision& decision) {
  if (decision.new_expiry) decision.table->state->unseen_expiry.note(*decision.new_expiry);
}

void Writer::finish_outcome(const WriteAction& action, Decision& decision) {
  if (action.want_old) decision.outcome.old_json = decision.old_json;
  if (!action.want_new) return;
  if (action.kind == WriteKind::kUpdate) {
    decision.outcome.new_json = std::move(decision.updated_json);
  } else {
    decision.outcome.new_json = decision.new_json;
  }
}

WriteOutcome Writer::write(const WriteAction& action) {
  Decision decision;
  const std::lock_guard<std::mutex> lock(stripes_[stripes_.of(action.key.encoded)]);
  try {
    decide(action, decision);
  } catch (ConditionFailed& failed) {
    std::string extra;
    if (!failed.item_json.empty()) extra = "\"Item\":" + failed.item_json;
    throw core::ApiError("ConditionalCheckFailedException", std::string(kConditionFailed), std::move(extra));
  }
  if (decision.writes) {
    Counters& counters = decision.table->state->counters;
    store::Batch batch;
    append(action, decision, batch);
    std::optional<Counters::PendingRow> row;
    if (!decision.counters.empty()) {
      row = counters.put_row(*decision.table, decision.stripe, decision.counters, batch);
    }
    finish_outcome(action, decision);  // before the write, as what is written must not end in an error
    store_.write(batch);
    if (row) counters.apply(std::move(*row));
    note_expiry(decision);
  } else {
    finish_outcome(action, decision);
  }
  return std::move(decision.outcome);
}

Writer::Expired Writer::expire(const TablePtr& table, std::string_view expiry_key) {
  ExpiryRow row = read_expiry_key(*table, expiry_key);
  WriteAction action;
  action.kind = WriteKind::kDelete;
  action.table = table;
  action.key.encoded = std::move(row.item_key);
  Decision decision;
  const std::lock_guard<std::mutex> lock(stripes_[stripes_.of(action.key.encoded)]);
  try {
    decide(action, decision);
  } catch (const core::ApiError& error) {
    if (error.type == "ResourceNotFoundException") return {Expired::Outcome::kGone, 0};
    throw;
  }
  if (decision.table->ttl_space != table->ttl_space) return {Expired::Outcome::kGone, 0};
  store::Batch batch;
  if (decision.old_expiry != row.seconds) {
    batch.remove(expiry_key);
    store_.write_unsynced(batch);
    return {Expired::Outcome::kStale, 0};
  }
  Counters& counters = decision.table->state->counters;
  append(action, decision, batch);
  Counters::PendingRow after = counters.put_row(*decision.table, decision.stripe, decision.counters, batch);
  store_.write_unsynced(batch);
  counters.apply(std::move(after));
  return {Expired::Outcome::kDeleted, decision.outcome.old_size_bytes};
}

std::vector<WriteOutcome> Writer::transact(std::span<const WriteAction> actions, const TokenClaim* claim) {
  std::vector<std::size_t> stripes;
  std::unordered_set<std::string_view> keys;
  for (const WriteAction& action : actions) {
    stripes.push_back(stripes_.of(action.key.encoded));
    if (!keys.insert(action.key.encoded).second) {
      core::throw_validation("Transaction request cannot include multiple operations on one item");
    }
  }
  const StripesLock lock(stripes_, std::move(stripes));

  std::vector<Decision> decisions(actions.size());
  std::vector<CancellationReason> reasons(actions.size());
  bool cancelled = false;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    decisions[i].in_transaction = true;
    try {
      decide(actions[i], decisions[i]);
    } catch (const BeforeTransaction&) {
      throw;
    } catch (ConditionFailed& failed) {
      reasons[i] = {"ConditionalCheckFailed", std::string(kConditionFailed), std::move(failed.item_json)};
      cancelled = true;
    } catch (const core::ApiError& error) {
      if (error.type != "ValidationException") throw;
      reasons[i] = {"ValidationError", error.message, {}};
      cancelled = true;
    }
  }
  if (cancelled) throw_cancelled(reasons);

  store::Batch batch;
  std::vector<RowChange> rows;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (!decisions[i].writes) continue;
    append(actions[i], decisions[i], batch);
    add_counters(decisions[i].table, decisions[i].stripe, decisions[i].counters, rows);
  }
  for (RowChange& row : rows) {
    row.after = row.table->state->counters.put_row(*row.table, row.stripe, row.deltas, batch);
  }

  // Outcomes are made before the write: what is written must not end in an error.
  std::vector<WriteOutcome> outcomes;
  outcomes.reserve(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    finish_outcome(actions[i], decisions[i]);
    // A transaction prepares and commits at the table; its indexes are written once.
    decisions[i].outcome.capacity.table_write *= 2;
    outcomes.push_back(std::move(decisions[i].outcome));
  }
  if (claim != nullptr) claim->append(outcomes, batch);
  if (!batch.empty()) store_.write(batch);
  for (RowChange& row : rows) row.table->state->counters.apply(std::move(row.after));
  for (const Decision& decision : decisions) note_expiry(decision);
  return outcomes;
}

}  // namespace stator::engine
