#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/table.h"

/// Changes of a table that are under way for some time. Until they are done, `Table::before` keeps the table as it was
/// before them: descriptions show some of its settings, and further changes are checked against it.
namespace stator::engine {

/// The table as it was before the changes that are under way, and without the logs and state that only a published
/// table has.
Table before_changes(const Table& table);

/// Ends the changes that are done at `now_ms`. To be called after the statuses were settled.
void settle_changes(Table& table, std::int64_t now_ms);

/// When settle_changes has to be called next for changes that no status shows; the greatest value: never.
std::int64_t next_change_done_ms(const Table& table);

/// Throws ResourceInUseException: "Attempt to change a resource which is still in use: " and `why`.
[[noreturn]] void throw_still_in_use(const std::string& why);

/// Throws ResourceInUseException if the table is CREATING.
void refuse_while_creating(const Table& table);
/// Throws ResourceInUseException if the table is CREATING or DELETING.
void refuse_while_creating_or_deleting(const Table& table);

}  // namespace stator::engine
