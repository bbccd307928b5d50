#pragma once

#include <memory>
#include <string_view>

#include "endpoint/embedded.h"

namespace stator::api::generated {

/// An engine in memory with what the rows of requests.json speak of: the table `probe` (pk and sk texts, the local
/// index byL, the global index byG, a tag, a time-to-live attribute) with a few items that have attributes of every
/// type.
/// `with_backups`: also the table `backed` with a backup and an export. They are checkpoints of the whole store, which
/// cost far more than all the rest.
std::unique_ptr<endpoint::Embedded> prepared_tables(bool with_backups);
/// Whether the rows of this operation speak of them.
bool speaks_of_backups(std::string_view operation);

/// Puts those items again, as they were: much cheaper than new tables. Items of other keys stay.
void put_prepared_items(endpoint::Embedded& endpoint);

}  // namespace stator::api::generated
