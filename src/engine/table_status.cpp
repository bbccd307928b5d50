#include "engine/table_status.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/api_error.h"
#include "engine/import/import_info.h"
#include "engine/replicas.h"
#include "engine/table_changes.h"

namespace stator::engine {
namespace {

[[noreturn]] void throw_in_use(std::string message) {
  throw core::ApiError(core::ErrorCode::kResourceInUse, std::move(message));
}

bool has_changing_index(const Table& table) {
  return std::ranges::any_of(table.indexes, [](const Index& index) { return index.status != TableStatus::kActive; });
}

/// False for a table that is being imported: that one counts as CREATING.
bool is_being_restored(const Table& table) { return table.restore && !is_import(*table.restore); }

}  // namespace

bool is_being_filled(const Table& table) { return table.restore && table.restore->copying; }

std::int64_t next_status_change_ms(const Table& table) {
  if (is_being_filled(table)) return kNever;
  std::int64_t due = table.status == TableStatus::kActive ? kNever : table.status_until_ms;
  if (table.status != TableStatus::kDeleting) due = std::min(due, next_change_done_ms(table));
  if (const auto replicas_ms = next_change_of_replicas(table)) due = std::min(due, *replicas_ms);
  for (const Index& index : table.indexes) {
    if (index.status == TableStatus::kActive) continue;
    if (index.backfilling && table.status != TableStatus::kDeleting) {
      // The end of the backfill settles index and table. Only a vector index does not delay the table.
      if (!index.vector || table.status == TableStatus::kCreating) return kNever;
      continue;
    }
    due = std::min(due, index.status_until_ms);
  }
  return due;
}

void settle_statuses(Table& table, std::int64_t now_ms, std::vector<store::SpaceId>& gone) {
  if (table.status == TableStatus::kDeleting || is_being_filled(table)) return;
  settle_replicas(table, now_ms);
  bool waiting = false;
  std::erase_if(table.indexes, [&](Index& index) {
    if (index.status == TableStatus::kActive) return false;
    if (index.backfilling || now_ms < index.status_until_ms) {
      // A table becomes ACTIVE while a vector index is still being filled.
      const bool filled_behind = index.vector && index.status == TableStatus::kCreating;
      waiting = waiting || !filled_behind || table.status == TableStatus::kCreating;
      return false;
    }
    if (index.status == TableStatus::kDeleting) {
      gone.push_back(index.space);
      return true;
    }
    index.status = TableStatus::kActive;
    return false;
  });
  if (!waiting && now_ms >= table.status_until_ms) {
    table.status = TableStatus::kActive;
    table.restore.reset();
  }
  settle_changes(table, now_ms);
}

void keep_dropped_indexes(Table& table, const Table& before, std::int64_t until_ms) {
  for (const Index& index : before.indexes) {
    const bool kept =
        std::ranges::any_of(table.indexes, [&index](const Index& candidate) { return candidate.space == index.space; });
    if (kept) continue;
    table.indexes.push_back(index);
    table.indexes.back().status = TableStatus::kDeleting;
    table.indexes.back().status_until_ms = until_ms;
    // Makes the build end.
    table.indexes.back().backfilling = false;
  }
}

void set_backfilling(Table& table, const std::vector<store::SpaceId>& spaces, bool backfilling) {
  for (Index& index : table.indexes) {
    if (std::ranges::find(spaces, index.space) != spaces.end()) index.backfilling = backfilling;
  }
}

void throw_unknown_table(std::string_view name) {
  core::throw_resource_not_found("Requested resource not found: Table: " + std::string(name) + " not found");
}

void throw_name_in_use(const Table& known) {
  if (is_being_restored(known)) throw_in_use("Table is being used: " + known.name);
  refuse_while_creating(known);
  throw_in_use("Table already exists: " + known.name);
}

void check_deletable(const Table& table, std::int64_t now_ms) {
  refuse_while_creating_or_deleting(table);
  if (has_changing_index(table)) {
    throw_still_in_use("Cannot delete table while indexes are being created, updated, or deleted.");
  }
  const bool updating = table.status == TableStatus::kUpdating;
  if (updating && table.before != nullptr && table.before->stream_view_type != table.stream_view_type) {
    throw_still_in_use("Cannot delete table while stream is being enabled/disabled.");
  }
  if (updating || next_change_done_ms(table) != kNever) {
    throw_still_in_use("Table: " + table.name + " is in the process of being updated.");
  }
  if (now_ms < table.tags_until_ms) throw_still_in_use("Table tags are being updated: " + table.name);
  if (table.deletion_protection) {
    core::throw_validation(
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
        "protection first.");
  }
}

void check_updatable(const Table& table) {
  if (is_being_restored(table)) throw_unknown_table(table.name);
  refuse_while_creating_or_deleting(table);
  if (has_changing_replica(table)) throw_in_use("The resource which you are attempting to change is in use.");
}

}  // namespace stator::engine
