#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "core/clock.h"
#include "endpoint/endpoint.h"
#include "toolkit/call.h"
#include "toolkit/table_info.h"
#include "toolkit/transfer_state.h"

/// Keeps a copy up to date with its source, by the source's stream.
namespace stator::toolkit {

struct FollowProgress {
  /// Changes read from the stream since the copy began that belong to it, in this run.
  std::uint64_t changes = 0;
  /// The age of the newest applied change, in seconds, while there are more to read; 0: everything is applied.
  std::int64_t lag_seconds = 0;
  /// Rounds in a row in which no shard had anything.
  int idle_rounds = 0;
};

struct FollowOptions {
  /// Batches written at once, 1 to 64.
  unsigned jobs = 4;
  /// End when no shard has had records for about `quiet`: the source does not change, and the copy is equal.
  bool until_caught_up = false;
  std::chrono::milliseconds quiet{3000};
  /// The pause after a round without records.
  std::chrono::milliseconds pause{250};
  Sleep sleep = sleep_for_real;
  const core::Clock* clock = &core::Clock::system();
};

/// The state to save before the first page of a copy that is to be followed. Throws std::runtime_error where the source
/// has no stream with new images.
FollowState begin_follow(endpoint::Endpoint& source, const TableInfo& source_table, const core::Clock& clock);

/// Applies the changes that the source's stream holds since the copy began, and goes on as they come: each item gets
/// its newest image, in the order of its changes, so that applying some of them again changes nothing. After each round
/// `state.follow` and `file` say what is applied, then `progress` is called, which may throw to end it. Returns when
/// `until_caught_up` holds, or when the stream was disabled and is read to its end.
/// Throws OperationError; StreamGap where changes are gone, or one of the tables went back to an earlier state (a
/// snapshot), so that only a new copy helps; std::runtime_error.
FollowProgress follow_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                            const TableInfo& destination_table, TransferState& state, const StateFile& file,
                            const FollowOptions& options, const std::function<void(const FollowProgress&)>& progress);

}  // namespace stator::toolkit
