#pragma once

#include <functional>
#include <string>
#include <vector>

#include "endpoint/endpoint.h"
#include "json/reader.h"
#include "toolkit/call.h"
#include "toolkit/transfer_state.h"

namespace stator::toolkit {

/// A scan of a whole table in segments, page by page, which can be resumed.
struct SegmentScan {
  std::string table;
  bool with_capacity = false;
  bool consistent = true;
  /// Processes a page, on its segment's thread; several run at the same time. May add to the segment's checksum.
  std::function<void(const json::Array& items, SegmentState& state)> work;
  /// Called after `work`, for one page at a time, when the states already count the page as done.
  std::function<void(const json::Array& items)> commit;
  Sleep sleep = sleep_for_real;
};

/// Reads every unfinished segment (1 to kMaxParallelSegments) from its state's position. Throttled requests are tried
/// again after growing pauses. The first error ends it and is thrown: OperationError, or what `work` or `commit` threw;
/// the states then say how far it came. Returns the capacity units consumed.
double scan_segments(endpoint::Endpoint& endpoint, const SegmentScan& scan, std::vector<SegmentState>& states);

}  // namespace stator::toolkit
