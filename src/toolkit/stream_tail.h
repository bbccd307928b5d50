#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "json/reader.h"
#include "toolkit/call.h"

/// Follows a table's changes by its stream, over any endpoint.
namespace stator::toolkit {

struct TailOptions {
  std::string table;
  /// Begin with the next change; if false, with the oldest record.
  bool from_now = true;
  /// Skip older records. In seconds since 1970, which is as exact as the time of a record.
  std::int64_t from_seconds = 0;
  /// The maximum number of records; 0: no limit.
  std::uint64_t limit = 0;
  /// Wait for more records; if false, end after the existing ones.
  bool follow = true;
  /// The pause after a round without records.
  std::chrono::milliseconds pause{500};
  Sleep sleep = sleep_for_real;
  /// Called once when the endpoint does not answer for a while (is_transient), before waiting for it.
  std::function<void(const OperationError& error)> on_outage;
};

/// Called with each record in wire JSON, which is valid during the call. The records of each item come in order.
using RecordVisitor = std::function<void(const json::Object& record)>;

/// Follows the latest stream of the table (StreamReader). With `follow`, waits for an endpoint that does not answer, up
/// to kMostFaultsOfAnOutage faults in a row. Returns the number of records visited when the limit is reached, when
/// there is nothing more to read, or when the stream was disabled and is read to its end. Throws OperationError, and
/// std::runtime_error if the table has no stream.
std::uint64_t tail(endpoint::Endpoint& endpoint, const TailOptions& options, const RecordVisitor& visit);

/// Formats a record for people: a line with time, kind and keys, then lines for each attribute that changed, "- name:
/// old" and "+ name: new" in plain JSON. What the stream's view type leaves out is not shown.
std::string format_record(const json::Object& record, bool colour);

}  // namespace stator::toolkit
