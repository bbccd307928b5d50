#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "endpoint/endpoint.h"
#include "toolkit/call.h"
#include "toolkit/table_checksum.h"
#include "toolkit/table_info.h"
#include "toolkit/transfer_state.h"

/// Copies a table from one endpoint to another; works with any implementation of DynamoDB's API.
namespace stator::toolkit {

/// The VectorIndexes element of a request that creates an index like this one, from a description or a request.
std::string vector_index_like(const json::Value& index);

/// The CreateTable request for a table like the described one, under another name: keys, indexes, billing and stream.
std::string create_request_like(const TableInfo& table, const std::string& name);

/// The initial state of a copy in `segments` segments (1 to kMaxParallelSegments).
TransferState begin_copy(std::uint32_t segments);

/// Copies the items that `state` does not count as done from `source_table` to `destination_table`, which must exist,
/// and keeps `state` and `file` up to date. Calls `progress` with the number of items copied, including those of
/// earlier runs; it may throw to end the copy. Throttled requests are tried again after growing pauses. Returns the
/// checksum of all items copied. Throws OperationError, std::runtime_error; the state then says how far it came.
TableChecksum copy_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                         const TableInfo& destination_table, TransferState& state, const StateFile& file,
                         const std::function<void(std::uint64_t items)>& progress, const Sleep& sleep = sleep_for_real);

}  // namespace stator::toolkit
