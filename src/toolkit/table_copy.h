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

/// The element of VectorIndexes in a request for an index like the one in a description or request.
std::string vector_index_like(const json::Value& index);

/// CreateTable's request for a table like the described one, under another name: keys, indexes, billing and stream.
std::string create_request_like(const TableInfo& table, const std::string& name);

/// The initial state of a copy in `segments` segments (1 to kMaxParallelSegments).
TransferState begin_copy(std::uint32_t segments);

/// Reads what `state` does not hold as done of `source_table` and writes it into `destination_table`, which exists;
/// notes in `state` and `file` how far it is. `progress` gets the count of all items copied, those of earlier runs
/// included, and may throw to end it. Throttled requests are tried again, waiting longer each time. Returns the
/// checksum of all items copied. Throws OperationError, std::runtime_error; the state then says how far it came.
TableChecksum copy_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                         const TableInfo& destination_table, TransferState& state, const StateFile& file,
                         const std::function<void(std::uint64_t items)>& progress, const Sleep& sleep = sleep_for_real);

}  // namespace stator::toolkit
