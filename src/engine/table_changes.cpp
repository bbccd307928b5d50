#include "engine/table_changes.h"

#include <algorithm>
#include <limits>

#include "core/api_error.h"

namespace stator::engine {
namespace {

void take_encryption(Table& table, const Table& before) {
  table.sse_enabled = before.sse_enabled;
  table.sse_kms_key = before.sse_kms_key;
}

/// Takes from `before` the settings whose change makes a table UPDATING.
void take_settings(Table& table, const Table& before) {
  table.billing_mode = before.billing_mode;
  table.last_pay_per_request_ms = before.last_pay_per_request_ms;
  table.throughput = before.throughput;
  table.warm = before.warm;
  table.table_class = before.table_class;
  table.table_class_ms = before.table_class_ms;
  table.stream_view_type = before.stream_view_type;
}

void take_index(Index& index, const Index& before) {
  index.throughput = before.throughput;
  index.warm = before.warm;
}

}  // namespace

Table before_changes(const Table& table) {
  Table state = table;
  state.before.reset();
  state.state.reset();
  state.stream.reset();
  state.recovery.reset();
  state.deliveries.clear();
  state.accesses.reset();
  for (Index& index : state.indexes) index.accesses.reset();
  if (table.before == nullptr) return state;
  const bool updating = table.status == TableStatus::kUpdating;
  if (updating) take_settings(state, *table.before);
  if (table.encryption_until_ms != 0) take_encryption(state, *table.before);
  if (table.warm_until_ms != 0) state.warm = table.before->warm;
  for (Index& index : state.indexes) {
    const Index* const before = table.before->index(index.name);
    const bool changes = updating || index.status == TableStatus::kUpdating || index.warm_until_ms != 0;
    if (before != nullptr && changes) take_index(index, *before);
  }
  return state;
}

void settle_changes(Table& table, std::int64_t now_ms) {
  bool under_way = table.status == TableStatus::kUpdating;
  const auto settle = [&](std::int64_t& until_ms) {
    if (now_ms >= until_ms) until_ms = 0;
    under_way = under_way || until_ms != 0;
  };
  settle(table.encryption_until_ms);
  settle(table.warm_until_ms);
  for (Index& index : table.indexes) {
    settle(index.warm_until_ms);
    under_way = under_way || index.status == TableStatus::kUpdating;
  }
  if (!under_way) table.before.reset();
}

std::int64_t next_change_done_ms(const Table& table) {
  std::int64_t next_ms = std::numeric_limits<std::int64_t>::max();
  const auto take = [&next_ms](std::int64_t until_ms) {
    if (until_ms != 0) next_ms = std::min(next_ms, until_ms);
  };
  take(table.encryption_until_ms);
  take(table.warm_until_ms);
  for (const Index& index : table.indexes) take(index.warm_until_ms);
  return next_ms;
}

void throw_still_in_use(const std::string& why) {
  throw core::ApiError(core::ErrorCode::kResourceInUse, "Attempt to change a resource which is still in use: " + why);
}

void refuse_while_creating(const Table& table) {
  if (table.status == TableStatus::kCreating) throw_still_in_use("Table is being created: " + table.name);
}

void refuse_while_creating_or_deleting(const Table& table) {
  refuse_while_creating(table);
  if (table.status == TableStatus::kDeleting) throw_still_in_use("Table is being deleted: " + table.name);
}

}  // namespace stator::engine
