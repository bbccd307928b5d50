#include "engine/writer.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <unordered_set>

#include "core/limits.h"
#include "core/vector_limits.h"
#include "engine/access_counts.h"
#include "engine/damage.h"
#include "engine/idempotency.h"
#include "engine/keys.h"
#include "engine/stored_value.h"
#include "engine/time_to_live.h"
#include "engine/vector/vector_ranges.h"
#include "engine/vector_entry.h"
#include "engine/write_group.h"

namespace stator::engine {
namespace {

/// The write units for the change of one index entry.
/// Source: Developer Guide, "Provisioned throughput considerations for Global Secondary Indexes".
double index_units(bool had, std::size_t old_size, bool has, std::size_t new_size, bool same_key) {
  if (had && has && same_key) return write_units(std::max(old_size, new_size));
  return (had ? write_units(old_size) : 0.0) + (has ? write_units(new_size) : 0.0);
}

/// Whether two versions of an entry have the same content; sets and maps have no order.
bool holds_the_same(const IndexEntry& before, const IndexEntry& after) {
  if (before.vector != after.vector) return false;
  if (before.json() == after.json()) return true;
  return before.json().size() == after.json().size() && json::Item(before.json()).holds_same(json::Item(after.json()));
}

/// The bytes that are charged for a vector index if an entry moves or changes: those of the larger version.
/// Source: measured at the service by the open conformance suite, August 2026.
double vector_bytes(std::size_t old_size, std::size_t new_size) {
  return static_cast<double>(std::max({old_size, new_size, core::kMinVectorRequestBytes}));
}

std::int64_t difference(std::size_t after, std::size_t before) {
  return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
}

std::size_t billed_size(const Table& table, const ItemVersion& version) {
  const auto is_vector = [](const Index& index) { return index.vector.has_value(); };
  if (std::ranges::none_of(table.indexes, is_vector)) return version.size_bytes;
  return billed_size_bytes(table, version.item(), version.size_bytes);
}

/// The newest version of a table that may be written to, or null.
TablePtr writable_version(const TablePtr& table) {
  TablePtr newest = table->state == nullptr ? nullptr : table->state->newest(table);
  if (newest != nullptr && newest->status == TableStatus::kDeleting) return nullptr;
  return newest;
}

void add_delta(std::vector<CounterDelta>& counters, store::SpaceId space, bool had, std::size_t old_size, bool has,
               std::size_t new_size) {
  const CounterDelta delta{space, static_cast<int>(has) - static_cast<int>(had), difference(new_size, old_size)};
  if (delta.items != 0 || delta.size_bytes != 0) counters.push_back(delta);
}

/// Whether the action will certainly replace or remove the item. If a condition fails, the caller often tries it again.
bool is_replaced(const WriteAction& action) {
  return action.kind != WriteKind::kConditionCheck && action.condition == nullptr && !action.must_be_new;
}

}  // namespace

void Writer::read_items(std::span<const WriteAction> actions, std::vector<Decision>& decisions) const {
  if (actions.size() < 2) return;
  std::vector<store::Lookup> lookups(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    lookups[i] = {actions[i].key.encoded, &decisions[i].change.stored_before, {}};
  }
  store_.get_each(
      lookups, std::ranges::all_of(actions, is_replaced) ? store::CachePolicy::kNothing : store::CachePolicy::kBlock);
  for (std::size_t i = 0; i < actions.size(); ++i) decisions[i].existed = lookups[i].found;
}

std::optional<core::ApiError> Writer::decide(const WriteAction& action, Decision& decision) const {
  Change& change = decision.change;
  change.table = writable_version(action.table);
  if (change.table == nullptr) core::throw_resource_not_found("Requested resource not found");
  change.key = action.key.encoded;
  change.origin = action.origin;
  change.time_ms = clock_.now_ms();
  change.table->state->counters.load_once(store_, *change.table);
  if (change.table->accesses != nullptr && action.origin == ChangeOrigin::kCaller) {
    change.table->accesses->note(*change.table, nullptr, action.key.encoded);
  }
  try {
    return decide_against_table(action, decision);
  } catch (const core::DamageError& error) {
    throw_damage_in(*change.table, nullptr, error);
  }
}

std::optional<core::ApiError> Writer::decide_against_table(const WriteAction& action, Decision& decision) const {
  Change& change = decision.change;
  WriteOutcome& outcome = decision.outcome;
  outcome.existed = decision.existed
                        ? *decision.existed
                        : store_.get(change.key, change.stored_before, nullptr,
                                     is_replaced(action) ? store::CachePolicy::kNothing : store::CachePolicy::kBlock);
  if (outcome.existed) {
    const StoredValue old = read_value(change.stored_before);
    change.before.json = old.json;
    change.before.size_bytes = old.size_bytes;
    outcome.old_size_bytes = old.size_bytes;
  }
  const bool is_duplicate = action.must_be_new && outcome.existed;
  if (is_duplicate || (action.condition != nullptr && !action.condition->matches(change.before.item()))) {
    outcome.condition_failed = true;
    if (action.want_old_on_failure) outcome.old_json = change.before.json;
    return std::nullopt;
  }
  make_new_version(action, decision);
  outcome.new_size_bytes = change.after.size_bytes;
  const Table& table = *change.table;
  outcome.capacity.table_write =
      write_units(std::max(billed_size(table, change.before), billed_size(table, change.after)));
  if (decision.writes && !table.indexes.empty() && (action.kind == WriteKind::kPut || action.update != nullptr)) {
    const expression::Update* update = action.kind == WriteKind::kUpdate ? action.update : nullptr;
    if (auto fault = check_index_keys(table, change.after.item(), update)) return fault;
  }
  decision.writes = decision.writes && change.changes_item();
  if (!decision.writes && action.kind != WriteKind::kConditionCheck) store_.check_log();
  return std::nullopt;
}

void Writer::make_new_version(const WriteAction& action, Decision& decision) {
  Change& change = decision.change;
  switch (action.kind) {
    case WriteKind::kConditionCheck:
      return;
    case WriteKind::kDelete:
      decision.writes = true;
      return;
    case WriteKind::kPut:
      if (action.item->size_bytes > core::kMaxItemSizeBytes) {
        core::throw_validation("Item size has exceeded the maximum allowed size");
      }
      decision.writes = true;
      change.after.json = action.item->json;
      change.after.size_bytes = action.item->size_bytes;
      return;
    case WriteKind::kUpdate:
      update_item(action, decision);
      return;
  }
}

void Writer::update_item(const WriteAction& action, Decision& decision) {
  Change& change = decision.change;
  const bool existed = change.before.exists();
  json::Item item = change.before.take_item();
  if (!existed) {
    std::size_t part = 0;
    for (const auto* attributes : {&change.table->key_schema.hash, &change.table->key_schema.range}) {
      for (const core::KeyAttribute& attribute : *attributes) item.set(attribute.name, action.key.values.at(part++));
    }
  }
  if (action.update != nullptr) {
    action.update->apply(item, existed);
    // An update with only REMOVE and DELETE does not create an item.
    if (!existed && !action.update->creates_item()) return;
  }
  const std::size_t size_bytes = item.size_bytes();
  if (size_bytes > core::kMaxItemSizeBytes) {
    core::throw_validation("Item size to update has exceeded the maximum allowed size");
  }
  item.append_json(change.updated_json);
  decision.writes = true;
  change.after.json = change.updated_json;
  change.after.size_bytes = size_bytes;
  change.after.set_item(std::move(item));
}

void Writer::append(Decision& decision, store::Batch& batch) const {
  try {
    append_item(decision, batch);
    append_index_entries(decision, batch);
    append_expiry(decision, batch);
    append_log_record(decision, batch);
  } catch (const core::DamageError& error) {
    throw_damage_in(*decision.change.table, nullptr, error);
  }
}

void Writer::append_item(Decision& decision, store::Batch& batch) {
  const Change& change = decision.change;
  if (change.after.exists()) {
    // From here on the stored size is trusted.
    assert(change.after.size_bytes == change.after.item().size_bytes());
    assert(change.after.size_bytes <= core::kMaxItemSizeBytes);
    std::string header;
    append_value_header(change.after.size_bytes, header);
    batch.put(change.key, header, change.after.json);
  } else {
    batch.remove(change.key);
  }
  add_delta(decision.counters, change.table->space, change.before.exists(), change.before.size_bytes,
            change.after.exists(), change.after.size_bytes);
}

void Writer::append_index_entries(Decision& decision, store::Batch& batch) const {
  for (const Index& index : decision.change.table->indexes) {
    if (index.status != TableStatus::kDeleting) append_index_entry(index, decision, batch);
  }
}

void Writer::append_index_entry(const Index& index, Decision& decision, store::Batch& batch) const {
  const Change& change = decision.change;
  const auto entry_of = [&](const ItemVersion& version) {
    return version.exists() ? make_index_entry(*change.table, index, version.item(), version.json, version.size_bytes,
                                               key_parts(change.key))
                            : std::nullopt;
  };
  std::optional<IndexEntry> before = entry_of(change.before);
  const std::optional<IndexEntry> after = entry_of(change.after);
  // The backfill may not have reached this item yet.
  if (before && index.backfilling && !store_.visit(before->key, [](std::string_view) {})) before.reset();
  if (!before && !after) return;
  const bool same_key = before && after && before->key == after->key;
  if (same_key && before->vector == after->vector && before->json() == after->json()) return;

  const std::size_t old_size = before ? before->size_bytes : 0;
  const std::size_t new_size = after ? after->size_bytes : 0;
  if (!same_key || !holds_the_same(*before, *after)) {
    const double charge = index.vector
                              ? vector_bytes(old_size, new_size)
                              : index_units(before.has_value(), old_size, after.has_value(), new_size, same_key);
    decision.outcome.capacity.indexes.push_back({IndexPtr(change.table, &index), 0, charge});
    if (metering_ != nullptr) decision.index_keys.push_back(after ? after->key : before->key);
  }
  add_delta(decision.counters, index.space, before.has_value(), old_size, after.has_value(), new_size);
  if (index.vector && vectors_ != nullptr) note_vector_change(before, after);
  if (before && !same_key) batch.remove(before->key);
  if (!after) return;
  batch.put(after->key, after->head(), after->json());
}

void Writer::note_vector_change(const std::optional<IndexEntry>& before, const std::optional<IndexEntry>& after) const {
  const bool same_key = before && after && before->key == after->key;
  // Key, vector and filters are unchanged, so what is in memory stays right.
  if (same_key && before->vector == after->vector) return;
  if (before && !same_key) vectors_->note_change(before->key);
  if (after) vectors_->note_change(after->key);
}

void Writer::append_expiry(Decision& decision, store::Batch& batch) {
  const Change& change = decision.change;
  const Table& table = *change.table;
  if (table.ttl_space == 0) return;
  const auto before = expiry_seconds(change.before.item(), table.ttl_attribute);
  const auto after = expiry_seconds(change.after.item(), table.ttl_attribute);
  if (before && before != after) batch.remove(expiry_key(table.ttl_space, *before, change.key));
  // The build of the range may not have reached this item yet, and skips items that were written since.
  if (after && (before != after || table.ttl_building)) {
    batch.put(expiry_key(table.ttl_space, *after, change.key), {});
  }
  decision.new_expiry = after;
}

void Writer::append_log_record(Decision& decision, store::Batch& batch) {
  const Change& change = decision.change;
  const Table& table = *change.table;
  if (table.recovery != nullptr) decision.recovery_number = append_log_record(change, *table.recovery, batch);
  if (table.stream == nullptr && table.deliveries.empty()) return;
  // The bytes differ, but the item is the same: consumers would see no change.
  if (change.before.exists() && change.before.size_bytes == change.after.size_bytes &&
      change.before.item().holds_same(change.after.item())) {
    return;
  }
  if (table.stream != nullptr) decision.log_number = append_log_record(change, *table.stream, batch);
  for (const std::shared_ptr<Stream>& delivery : table.deliveries) {
    decision.delivery_numbers.push_back(append_log_record(change, *delivery, batch));
  }
}

PendingLogNumber Writer::append_log_record(const Change& change, Stream& stream, store::Batch& batch) {
  std::string record;
  engine::append_log_record(change, stream.images(), record);
  PendingLogNumber pending = stream.assign_number(change.key, change.time_ms);
  batch.put(log_key(stream.space(), pending.shard(), pending.number()), record);
  return pending;
}

void Writer::note_expiry(const Table& table, std::optional<std::int64_t> new_expiry) {
  if (new_expiry) table.state->unseen_expiry.note(*new_expiry);
}

void Writer::finish_outcome(const WriteAction& action, Decision& decision) {
  Change& change = decision.change;
  if (action.want_old) decision.outcome.old_json = change.before.json;
  if (!action.want_new) return;
  if (action.kind == WriteKind::kUpdate) {
    decision.outcome.new_json = std::move(change.updated_json);
  } else {
    decision.outcome.new_json = change.after.json;
  }
}

std::vector<UnitsUse> Writer::uses_of(const Decision& decision, double table_factor) {
  const Table& table = *decision.change.table;
  const WriteOutcome& outcome = decision.outcome;
  // A failed condition costs the units of the existing item's size.
  const double units = outcome.condition_failed ? write_units(outcome.old_size_bytes) : outcome.capacity.table_write;
  std::vector<UnitsUse> uses = {
      {.table = &table, .index = nullptr, .key = decision.change.key, .units = table_factor * units}};
  for (std::size_t i = 0; i < decision.index_keys.size(); ++i) {
    const Capacity::ForIndex& used = outcome.capacity.indexes[i];
    if (used.index->vector) continue;  // counted in bytes, which are not limited
    uses.push_back({.table = &table, .index = used.index.get(), .key = decision.index_keys[i], .units = used.write});
  }
  return uses;
}

WriteOutcome Writer::write(const WriteAction& action) {
  if (WriteGroup* const group = WriteGroup::of_this_thread(); group != nullptr && group->is_of(*this)) {
    return group->add(action);
  }
  Decision decision;
  decision.stripe = stripes_.of(action.key.encoded);
  const std::lock_guard<std::mutex> lock(stripes_[decision.stripe]);
  // Writes of jobs are not metered.
  Metering* const metering = action.origin == ChangeOrigin::kCaller ? metering_ : nullptr;
  if (metering != nullptr) {
    metering->admit(UnitKind::kWrite,
                    {.table = action.table.get(), .index = nullptr, .key = action.key.encoded, .units = 0});
  }
  if (auto fault = decide(action, decision)) throw std::move(*fault);
  if (decision.outcome.condition_failed || !decision.writes) {
    if (metering != nullptr) metering->take(UnitKind::kWrite, uses_of(decision, 1));
    if (!decision.outcome.condition_failed) finish_outcome(action, decision);
    return std::move(decision.outcome);
  }
  const Table& table = *decision.change.table;
  Counters& counters = table.state->counters;
  store::Batch batch;
  append(decision, batch);
  if (metering != nullptr) {
    const std::vector<UnitsUse> uses = uses_of(decision, 1);
    // A write to the table is refused if one of its indexes has no units left.
    if (const auto exceeded = metering->shortage(UnitKind::kWrite, uses)) throw ThroughputExceeded(*exceeded);
    metering->take(UnitKind::kWrite, uses);
  }
  std::optional<CounterPart> part;
  std::optional<Counters::PendingRow> row;
  if (!decision.counters.empty()) {
    part.emplace(stripes_, decision.stripe);
    row = counters.put_row(table, *part, decision.counters, batch);
  }
  finish_outcome(action, decision);  // before the write, after which nothing may throw
  keep_view();
  store_.write(batch);
  if (row) counters.apply(std::move(*row));
  note_expiry(table, decision.new_expiry);
  return std::move(decision.outcome);
}

Writer::Expired Writer::expire(const TablePtr& table, std::string_view expiry_key) {
  ExpiryRow row = read_expiry_key(*table, expiry_key);
  WriteAction action;
  action.kind = WriteKind::kDelete;
  action.origin = ChangeOrigin::kTimeToLive;
  action.table = table;
  action.key.encoded = std::move(row.item_key);
  Decision decision;
  decision.stripe = stripes_.of(action.key.encoded);
  const std::lock_guard<std::mutex> lock(stripes_[decision.stripe]);
  const TablePtr newest = writable_version(table);
  if (newest == nullptr || newest->ttl_space != table->ttl_space) return {Expired::Outcome::kGone, 0};
  decide(action, decision);
  store::Batch batch;
  if (expiry_seconds(decision.change.before.item(), newest->ttl_attribute) != row.seconds) {
    batch.remove(expiry_key);
    store_.write_unsynced(batch);
    return {Expired::Outcome::kStale, 0};
  }
  Counters& counters = newest->state->counters;
  append(decision, batch);
  const CounterPart part(stripes_, decision.stripe);
  Counters::PendingRow after = counters.put_row(*newest, part, decision.counters, batch);
  keep_view();
  store_.write_unsynced(batch);
  counters.apply(std::move(after));
  return {Expired::Outcome::kDeleted, decision.outcome.old_size_bytes};
}

/// Decides on all actions. Returns the reasons for which the transaction is cancelled; none if it may be committed.
std::vector<CancellationReason> Writer::decide_all(std::span<const WriteAction> actions,
                                                   std::vector<Decision>& decisions) const {
  std::vector<CancellationReason> reasons(actions.size());
  bool cancelled = false;
  const auto cancel = [&](std::size_t i, CancellationReason reason) {
    reasons[i] = std::move(reason);
    cancelled = true;
  };
  for (std::size_t i = 0; i < actions.size(); ++i) {
    Decision& decision = decisions[i];
    decision.stripe = stripes_.of(actions[i].key.encoded);
    std::optional<core::ApiError> fault;
    try {
      fault = decide(actions[i], decision);
    } catch (const core::ApiError& error) {
      // The update expression does not fit the item.
      if (error.type != core::ErrorCode::kValidation) throw;
      cancel(i, {CancellationCode::kValidationError, error.message, {}});
    }
    // An empty value is refused before a transaction begins; other faults cancel it with a reason.
    if (fault && fault->fault == core::Fault::kEmptyKey) throw std::move(*fault);
    if (fault) cancel(i, {CancellationCode::kValidationError, fault->message, {}});
    if (decision.outcome.condition_failed) {
      const auto code =
          actions[i].must_be_new ? CancellationCode::kDuplicateItem : CancellationCode::kConditionalCheckFailed;
      cancel(i, {code, {}, std::move(decision.outcome.old_json)});
    }
  }
  if (!cancelled) reasons.clear();
  return reasons;
}

/// Takes the units of all actions or of none; returns the reasons if of none.
std::vector<CancellationReason> Writer::take_units(const std::vector<Decision>& decisions) const {
  std::vector<CancellationReason> reasons(decisions.size());
  bool cancelled = false;
  std::vector<UnitsUse> all;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    // A transaction prepares and commits at the table; its indexes are written once.
    const std::vector<UnitsUse> uses = uses_of(decisions[i], 2);
    all.insert(all.end(), uses.begin(), uses.end());
    if (auto exceeded = metering_->shortage(UnitKind::kWrite, uses)) {
      reasons[i] = {CancellationCode::kThroughputExceeded, {}, {}, std::move(exceeded)};
      cancelled = true;
    }
  }
  if (cancelled) return reasons;
  metering_->take(UnitKind::kWrite, all);
  return {};
}

StripesLock Writer::lock_all(std::span<const WriteAction> actions) const {
  std::vector<std::size_t> stripes;
  stripes.reserve(actions.size());
  for (const WriteAction& action : actions) stripes.push_back(stripes_.of(action.key.encoded));
  return {stripes_, std::move(stripes)};
}

void Writer::add_counters(const Decision& decision, std::vector<RowChange>& rows) {
  if (decision.counters.empty()) return;
  const TablePtr& table = decision.change.table;
  const auto row = std::ranges::find(rows, table->space, [](const RowChange& change) { return change.table->space; });
  if (row == rows.end()) {
    rows.push_back({table, decision.stripe, decision.counters, {}});
    return;
  }
  row->deltas.insert(row->deltas.end(), decision.counters.begin(), decision.counters.end());
  row->table = table;  // the newest version seen, which has the indexes that are counted
}

std::optional<CounterPart> Writer::put_rows(std::vector<RowChange>& rows, store::Batch& batch) const {
  std::optional<CounterPart> part;
  if (rows.empty()) return part;
  part.emplace(stripes_, rows.front().stripe);
  for (RowChange& row : rows) {
    row.after = row.table->state->counters.put_row(*row.table, *part, row.deltas, batch);
  }
  return part;
}

void Writer::store(std::vector<RowChange>& rows, store::Batch& batch, std::size_t callers) const {
  if (batch.empty()) return;
  keep_view();
  store_.write(batch, callers);
  for (RowChange& row : rows) row.table->state->counters.apply(std::move(row.after));
}

void Writer::store_all(const std::vector<Decision>& decisions, std::vector<RowChange>& rows,
                       store::Batch& batch) const {
  store(rows, batch, 1);
  for (const Decision& decision : decisions) note_expiry(*decision.change.table, decision.new_expiry);
}

std::vector<SeparateOutcome> Writer::write_each(std::span<const WriteAction> actions) {
  std::vector<SeparateOutcome> outcomes;
  outcomes.reserve(actions.size());
  if (metering_ == nullptr) {
    for (WriteOutcome& outcome : write_in_one_batch(actions)) outcomes.push_back({std::move(outcome), std::nullopt});
    return outcomes;
  }
  // Each write takes its units, or is refused, separately.
  for (const WriteAction& action : actions) {
    try {
      outcomes.push_back({write(action), std::nullopt});
    } catch (const ThroughputExceeded& exceeded) {
      outcomes.push_back({{}, exceeded});
    }
  }
  return outcomes;
}

std::vector<WriteOutcome> Writer::write_in_one_batch(std::span<const WriteAction> actions) {
  const StripesLock lock = lock_all(actions);
  std::vector<Decision> decisions(actions.size());
  read_items(actions, decisions);
  store::Batch batch;
  std::vector<RowChange> rows;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    Decision& decision = decisions[i];
    decision.stripe = stripes_.of(actions[i].key.encoded);
    if (auto fault = decide(actions[i], decision)) throw std::move(*fault);
    if (decision.outcome.condition_failed || !decision.writes) continue;
    append(decision, batch);
    add_counters(decision, rows);
  }
  const std::optional<CounterPart> part = put_rows(rows, batch);
  // Outcomes are made before the write, after which nothing may throw.
  std::vector<WriteOutcome> outcomes;
  outcomes.reserve(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (!decisions[i].outcome.condition_failed) finish_outcome(actions[i], decisions[i]);
    outcomes.push_back(std::move(decisions[i].outcome));
  }
  store_all(decisions, rows, batch);
  return outcomes;
}

TransactionOutcome Writer::transact(std::span<const WriteAction> actions, const TokenClaim* claim) {
  std::unordered_set<std::string_view> keys;
  for (const WriteAction& action : actions) {
    if (!keys.insert(action.key.encoded).second) {
      core::throw_validation("Transaction request cannot include multiple operations on one item");
    }
  }
  const StripesLock lock = lock_all(actions);

  std::vector<Decision> decisions(actions.size());
  read_items(actions, decisions);
  TransactionOutcome result;
  result.reasons = decide_all(actions, decisions);
  if (result.cancelled()) return result;

  store::Batch batch;
  std::vector<RowChange> rows;
  for (Decision& decision : decisions) {
    if (!decision.writes) continue;
    append(decision, batch);
    add_counters(decision, rows);
  }
  if (metering_ != nullptr) {
    result.reasons = take_units(decisions);
    if (result.cancelled()) return result;
  }
  const std::optional<CounterPart> part = put_rows(rows, batch);

  // Outcomes are made before the write, after which nothing may throw.
  result.outcomes.reserve(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    finish_outcome(actions[i], decisions[i]);
    // A transaction prepares and commits at the table; its indexes are written once.
    decisions[i].outcome.capacity.table_write *= 2;
    result.outcomes.push_back(std::move(decisions[i].outcome));
  }
  if (claim != nullptr) claim->append(result.outcomes, batch);
  store_all(decisions, rows, batch);
  return result;
}

}  // namespace stator::engine
