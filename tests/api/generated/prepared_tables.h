#pragma once

#include <memory>
#include <string_view>

#include "endpoint/embedded.h"

namespace stator::api::generated {

/// Creates an engine in memory with the tables that requests.json names: `probe` (pk and sk of type S, the local index
/// byL, the global index byG, a tag, a time-to-live attribute) with a few items that have attributes of every type; if
/// `with_backups`, also `backed` with a backup and an export. Those are checkpoints of the whole store, which cost far
/// more than all the rest.
std::unique_ptr<endpoint::Embedded> prepared_tables(bool with_backups);
/// Returns whether this operation's requests use backups or exports.
bool speaks_of_backups(std::string_view operation);

/// Restores the prepared items, which is much cheaper than new tables. Items with other keys stay.
void put_prepared_items(endpoint::Embedded& endpoint);

}  // namespace stator::api::generated
