#include "engine/replicas.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace stator::engine {
namespace {

void exchange(Table& table, Replica& replica) {
  RegionSettings& settings = replica.settings;
  std::swap(table.id, settings.id);
  std::swap(table.created_ms, settings.created_ms);
  std::swap(table.deletion_protection, settings.deletion_protection);
  std::swap(table.table_class, settings.table_class);
  std::swap(table.table_class_ms, settings.table_class_ms);
  std::swap(table.sse_kms_key, settings.sse_kms_key);
  std::swap(table.recovery_days, settings.recovery_days);
  std::swap(table.recovery_since_ms, settings.recovery_since_ms);
  std::swap(table.tags, settings.tags);
  std::swap(table.tags_before, settings.tags_before);
  std::swap(table.tags_until_ms, settings.tags_until_ms);
  std::swap(table.insights, settings.insights);
  std::swap(table.kinesis, settings.kinesis);
  std::swap(table.policy, settings.policy);
  std::swap(table.stream_policy, settings.stream_policy);
  std::swap(table.stream_policy_label, settings.stream_policy_label);
  std::swap(table.stream_tags, settings.stream_tags);
  std::swap(table.stream_tags_label, settings.stream_tags_label);
  for (Index& index : table.indexes) {
    if (index.global) std::swap(index.insights, index_entry(replica, index.name).insights);
  }
}

}  // namespace

void move_home(Table& table, std::string_view region) {
  if (table.home_region == region) return;
  Replica* const next = table.replica(region);
  Replica* const last = table.replica(table.home_region);
  if (next == nullptr || last == nullptr) return;
  exchange(table, *last);
  exchange(table, *next);
  table.home_region = next->region;
}

std::string_view region_of(const Table& table, std::string_view region) {
  const Replica* const own = table.replica(region);
  return own != nullptr ? std::string_view(own->region) : std::string_view(table.home_region);
}

void settle_replicas(Table& table, std::int64_t now_ms) {
  const auto settle = [now_ms](TableStatus& status, std::int64_t until_ms) {
    const bool gone = status == TableStatus::kDeleting && now_ms >= until_ms;
    if (now_ms >= until_ms) status = TableStatus::kActive;
    return gone;
  };
  std::erase_if(table.replicas, [&](Replica& replica) { return settle(replica.status, replica.status_until_ms); });
  if (table.witness && settle(table.witness->status, table.witness->status_until_ms)) table.witness.reset();
  if (table.replicas.size() > 1) return;
  table.replicas.clear();
  table.home_region.clear();
  table.strongly_consistent = false;
  table.witness.reset();
}

std::optional<std::int64_t> next_change_of_replicas(const Table& table) {
  std::optional<std::int64_t> next;
  const auto look = [&next](TableStatus status, std::int64_t until_ms) {
    if (status != TableStatus::kActive) next = std::min(next.value_or(until_ms), until_ms);
  };
  for (const Replica& replica : table.replicas) look(replica.status, replica.status_until_ms);
  if (table.witness) look(table.witness->status, table.witness->status_until_ms);
  return next;
}

bool has_changing_replica(const Table& table) {
  return std::ranges::any_of(table.replicas, [](const Replica& replica) {
    return replica.status == TableStatus::kCreating || replica.status == TableStatus::kDeleting;
  });
}

void begin_removal(Table& table, std::string_view region, std::int64_t until_ms) {
  if (table.home_region == region) {
    const auto other = std::ranges::find_if(table.replicas, [&](const Replica& replica) {
      return replica.region != region && replica.status != TableStatus::kDeleting;
    });
    if (other != table.replicas.end()) move_home(table, other->region);
  }
  Replica* const replica = table.replica(region);
  if (replica == nullptr) return;
  replica->status = TableStatus::kDeleting;
  replica->status_until_ms = until_ms;
}

std::int64_t recovery_days_of_all(const Table& table) {
  std::int64_t days = table.recovery_days;
  for (const Replica& replica : table.replicas) days = std::max(days, replica.settings.recovery_days);
  return days;
}

ReplicaIndex& index_entry(Replica& replica, std::string_view index_name) {
  const auto found = std::ranges::find(replica.indexes, index_name, &ReplicaIndex::name);
  if (found != replica.indexes.end()) return *found;
  ReplicaIndex& added = replica.indexes.emplace_back();
  added.name = index_name;
  return added;
}

}  // namespace stator::engine
