#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stator::engine {

enum class JobState : std::uint8_t {
  kReady,    // it has more to do
  kRunning,  // a step is under way
  kWaiting,  // its next step is due later
  kFailing,  // its last step failed; it is tried again after a pause
  kEnded,    // finished; kept for a while, so that what it skipped can be seen
};
std::string_view job_state_name(JobState state);

/// What a job has done since the process started.
struct JobProgress {
  std::uint64_t items_read = 0;
  std::uint64_t items_changed = 0;
  /// Damaged items that were left as they are.
  std::uint64_t items_skipped = 0;
  /// 0 to 1; nullopt for jobs that have no end.
  std::optional<double> fraction;
};

/// One background job, as Engine::jobs lists it.
struct JobInfo {
  std::string name;   // "build-index", "build-time-to-live", "expire-items", …
  std::string table;  // empty: not about one table
  std::string index;  // empty: not about one index
  JobState state = JobState::kReady;
  JobProgress progress;
  std::uint64_t failures = 0;  // failed steps since the last one that succeeded
  std::string last_error;      // of the last failed step; kept when later ones succeed
};

}  // namespace stator::engine
