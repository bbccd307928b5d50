#pragma once

#include <vector>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"
#include "toolkit/table_info.h"
#include "toolkit/transfer_state.h"

/// Checks whether a table is still the one that an interrupted transfer has read or written. A table that was dropped
/// and created again has another identity. One that was reset to an earlier state (a snapshot, a backup of its
/// directory) has the same, but lacks the items that the transfer reached last.
namespace stator::toolkit {

/// True if the table has at least one of the items after which the segments continue (others may have been deleted
/// meanwhile), if there are no such items, or if the caller may not read items. Throws OperationError.
bool has_items_read_last(endpoint::Endpoint& endpoint, const TableInfo& table, const TransferState& state,
                         const Sleep& sleep);
/// True if the table has every segment's last written item as it was written, or if the caller may not read items.
/// Throws OperationError.
bool has_items_written_last(endpoint::Endpoint& endpoint, const TableInfo& table, const TransferState& state,
                            const Sleep& sleep);

/// True if the table has at least one of the items as it was written (or lacks it if it was deleted, which a hash of
/// zeros says; others may have been changed meanwhile), if there are no items, or if the caller may not read items. An
/// item may be listed several times, if it is not known which version was written last. Throws OperationError.
bool has_any_written(endpoint::Endpoint& endpoint, const TableInfo& table, const std::vector<WrittenItem>& items,
                     const Sleep& sleep);

/// What a transfer records of an item (wire JSON) that it has written.
WrittenItem written_item(const TableInfo& table, std::string_view item_json);

}  // namespace stator::toolkit
