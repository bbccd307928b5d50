#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "engine/jobs.h"

namespace stator::engine {

/// A background job that repeats a round after a period, as long as there is work. Callers that create work call
/// `ensure_running`; the job ends after the first round that leaves no work. It never runs more than once at a time,
/// even if its rounds fail.
class PeriodicJob {
 public:
  /// The work that is left after a round.
  enum class WorkLeft : std::uint8_t {
    kNone,
    kForLater,  // for a round after the period
    kForNow,    // for another round at once: it is too much for one step
  };
  /// A round is one step (Job::step). It may throw; it is then repeated after a pause.
  using Round = std::function<WorkLeft()>;

  PeriodicJob(std::string name, std::chrono::milliseconds period, Round round)
      : name_(std::move(name)), period_(period), round_(std::move(round)) {}

  /// Call this after creating the work. The object must outlive `runner`. Throws what JobRunner::add throws; the next
  /// call tries again.
  void ensure_running(JobRunner& runner);

 private:
  enum class State : std::uint8_t {
    kEnded,
    kRequested,  // there is work, and no round has begun since it was created
    kRunning,
  };
  JobStep step();

  const std::string name_;
  const std::chrono::milliseconds period_;
  const Round round_;
  std::atomic<State> state_ = State::kEnded;
};

}  // namespace stator::engine
