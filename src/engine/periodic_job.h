#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "engine/jobs.h"

namespace stator::engine {

/// A background job that does a round from time to time, as long as there is work for it. Whoever makes work calls
/// `ensure_running`; the job ends with the first round that leaves none. There is never more than one of it, even where
/// its rounds fail.
class PeriodicJob {
 public:
  /// The work that a round leaves.
  enum class WorkLeft : std::uint8_t {
    kNone,
    kForLater,  // after the period
    kForNow,    // more than one step may do
  };
  /// A round is one step (Job::step): it may throw, and is then made again after a pause.
  using Round = std::function<WorkLeft()>;

  PeriodicJob(std::string name, std::chrono::milliseconds period, Round round)
      : name_(std::move(name)), period_(period), round_(std::move(round)) {}

  /// To be called after the work was made. This must outlive `runner`. Throws what JobRunner::add throws; the next call
  /// tries again.
  void ensure_running(JobRunner& runner);

 private:
  enum class State : std::uint8_t {
    kEnded,
    kRequested,  // there is work that no round has looked for yet
    kRunning,
  };
  JobStep step();

  const std::string name_;
  const std::chrono::milliseconds period_;
  const Round round_;
  std::atomic<State> state_ = State::kEnded;
};

}  // namespace stator::engine
