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
  /// Begin with changes from now on; otherwise with the oldest record.
  bool from_now = true;
  /// Only records that are not older, in seconds since 1970 (that is how exact a record's time is).
  std::int64_t from_seconds = 0;
  /// End after this many records; 0: no limit.
  std::uint64_t limit = 0;
  /// Wait for further records; otherwise end after the existing ones.
  bool follow = true;
  /// The pause after a round without records.
  std::chrono::milliseconds pause{500};
  Sleep sleep = sleep_for_real;
  /// Called once where the endpoint cannot be asked for a while (is_passing), before it is waited for.
  std::function<void(const OperationError& error)> on_outage;
};

/// Called with each record in wire JSON, in an order that is right for each item; valid during the call.
using RecordVisitor = std::function<void(const json::Object& record)>;

/// Follows the latest stream of the table: parents before their children, new shards as they come, iterators that
/// expired anew from the last record. An endpoint that cannot be asked is waited for, as long as an outage may last;
/// without `follow` it is not. Returns how many records were visited when the limit is reached, nothing more is
/// there to read, or the stream was disabled and read to its end. Throws OperationError, and std::runtime_error where
/// the table has no stream.
std::uint64_t tail(endpoint::Endpoint& endpoint, const TailOptions& options, const RecordVisitor& visit);

/// A record for people: a line with time, kind and keys, then a line for each attribute that changed, "- name: old" and
/// "+ name: new" in plain JSON; what the stream's view type leaves out is not shown.
std::string format_record(const json::Object& record, bool colour);

}  // namespace stator::toolkit
