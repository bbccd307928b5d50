#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "engine/table.h"
#include "store/key_encoding.h"

/// The statuses of a table, its indexes and its regions: when they change, and which requests they refuse.
namespace stator::engine {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Whether items from a backup or a bucket are still being written to the table. The table stays CREATING until all
/// are written.
bool is_being_filled(const Table& table);

/// When settle_statuses next has something to do, or a DELETING table is to be removed; kNever if neither is due.
std::int64_t next_status_change_ms(const Table& table);

/// Makes the changes of status that are due, and adds the spaces of deleted indexes to `gone`. A table is UPDATING
/// until its indexes are settled. A table that is DELETING is not changed.
void settle_statuses(Table& table, std::int64_t now_ms, std::vector<store::SpaceId>& gone);

/// Adds the indexes of `before` that `table` lacks, as DELETING.
void keep_dropped_indexes(Table& table, const Table& before, std::int64_t until_ms);

/// Sets `backfilling` of the indexes with these spaces.
void set_backfilling(Table& table, const std::vector<store::SpaceId>& spaces, bool backfilling);

/// Throws ResourceNotFoundException.
[[noreturn]] void throw_unknown_table(std::string_view name);
/// Throws ResourceInUseException for a name that the table `known` already has.
[[noreturn]] void throw_name_in_use(const Table& known);

/// Throws ResourceInUseException or ValidationException (deletion protection) if the table cannot be deleted now.
void check_deletable(const Table& table, std::int64_t now_ms);

/// Throws ResourceInUseException if the table cannot be updated now; ResourceNotFoundException if it is being restored:
/// such a table is visible only to DescribeTable.
void check_updatable(const Table& table);

}  // namespace stator::engine
