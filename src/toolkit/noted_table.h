#pragma once

#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"
#include "toolkit/table_info.h"
#include "toolkit/transfer_state.h"

/// Whether a table is still the one that a transfer which was ended has read or written. One that was dropped and made
/// anew has another identity; one that went back to an earlier state (a snapshot, a backup of its directory) has not,
/// and lacks the items that the transfer came to last.
namespace stator::toolkit {

/// Looks for the items after which the segments go on: whether there are none, or one of them at least is in the
/// table; others may have been deleted meanwhile. True where the caller may not read items. Throws OperationError.
bool has_items_read_last(endpoint::Endpoint& endpoint, const TableInfo& table, const TransferState& state,
                         const Sleep& sleep);
/// Whether every segment's last written item is in the table as it was written. True where the caller may not read
/// items. Throws OperationError.
bool has_items_written_last(endpoint::Endpoint& endpoint, const TableInfo& table, const TransferState& state,
                            const Sleep& sleep);

/// Whether there are no such items, or one of them at least is in the table as it was written (or absent, if it was
/// deleted, a hash of zeros); others may have been changed meanwhile. An item may be there several times, where it is
/// not known which of them was written last. True where the caller may not read items. Throws OperationError.
bool has_any_written(endpoint::Endpoint& endpoint, const TableInfo& table, const std::vector<WrittenItem>& items,
                     const Sleep& sleep);

/// What a transfer notes of an item (wire JSON) that it has written.
WrittenItem written_item(const TableInfo& table, std::string_view item_json);

}  // namespace stator::toolkit
