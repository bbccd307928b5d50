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

/// Keeps a copy up to date with its source, using the source's stream.
namespace stator::toolkit {

struct FollowProgress {
  /// Changes that this run has read, without those from before the copy began.
  std::uint64_t changes = 0;
  /// The age in seconds of the newest applied change while there are more to read; 0 if everything is applied.
  std::int64_t lag_seconds = 0;
  /// The number of rounds in a row without records.
  int idle_rounds = 0;
};

struct FollowOptions {
  /// Batches sent at the same time, 1 to 64.
  unsigned jobs = 4;
  /// End when no shard has had records for about `quiet`: the source is not changing, and the copy is equal.
  bool until_caught_up = false;
  std::chrono::milliseconds quiet{3000};
  /// The pause after a round without records.
  std::chrono::milliseconds pause{250};
  Sleep sleep = sleep_for_real;
  const core::Clock* clock = &core::Clock::system();
};

/// The state to save before the first page of a copy that will be followed. Throws std::runtime_error if the source has
/// no stream with new images.
FollowState begin_follow(endpoint::Endpoint& source, const TableInfo& source_table, const core::Clock& clock);

/// Applies the changes made since the copy began, as the source's stream has them, and then new ones as they come. Each
/// item gets its newest image, in the order of its changes, so applying some of them again changes nothing. After each
/// round, saves in `state.follow` and `file` what is applied, then calls `progress`, which may throw to end it. Returns
/// when `until_caught_up` is fulfilled, or when the stream was disabled and is read to its end.
/// Throws OperationError; StreamGap if changes are gone, or if one of the tables was reset to an earlier state (a
/// snapshot), so that only a new copy helps; std::runtime_error.
FollowProgress follow_table(endpoint::Endpoint& source, const TableInfo& source_table, endpoint::Endpoint& destination,
                            const TableInfo& destination_table, TransferState& state, const StateFile& file,
                            const FollowOptions& options, const std::function<void(const FollowProgress&)>& progress);

}  // namespace stator::toolkit
