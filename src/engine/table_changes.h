#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/table.h"

/// Changes of a table that take their time: it is UPDATING until they are done, and keeps in `Table::before` what it
/// was before, as descriptions show much of that, and further changes are judged by it.
namespace stator::engine {

/// The table without the changes that are under way, and without what only a published table has (its logs and state).
Table before_changes(const Table& table);

/// Forgets what is done by then. To be called when the statuses are settled.
void settle_changes(Table& table, std::int64_t now_ms);

/// When settle_changes is to be called for changes that are in no status; the greatest value: never.
std::int64_t next_change_done_ms(const Table& table);

/// Throws ResourceInUseException: the table, or a part of it, is still in use, as `why` says.
[[noreturn]] void throw_still_in_use(const std::string& why);

/// Throws it for a table that is CREATING.
void refuse_while_creating(const Table& table);
/// Throws it for a table that is CREATING or DELETING.
void refuse_while_creating_or_deleting(const Table& table);

}  // namespace stator::engine
