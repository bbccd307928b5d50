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
  /// Does what a page is read for, on its segment's thread; several at the same time. It may add to the segment's
  /// checksum.
  std::function<void(const json::Array& items, SegmentState& state)> work;
  /// Called after `work`, when the states count the page as done; one page at a time.
  std::function<void(const json::Array& items)> commit;
  Sleep sleep = sleep_for_real;
};

/// Reads every segment (1 to kMaxParallelSegments) that is not finished from its state's position. Throttled requests
/// are tried again, waiting longer each time. Ends at the first fault and throws it: OperationError, or what `work` or
/// `commit` threw; the states say how far it came. Returns capacity units consumed.
double scan_segments(endpoint::Endpoint& endpoint, const SegmentScan& scan, std::vector<SegmentState>& states);

}  // namespace stator::toolkit
