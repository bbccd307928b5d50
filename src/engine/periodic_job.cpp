#include "engine/periodic_job.h"

namespace stator::engine {

void PeriodicJob::ensure_running(JobRunner& runner) {
  if (state_.exchange(State::kRequested) != State::kEnded) return;
  try {
    runner.add({.name = name_, .table = {}, .index = {}}, [this] { return step(); });
  } catch (...) {
    state_ = State::kEnded;
    throw;
  }
}

JobStep PeriodicJob::step() {
  // Set before the round: work requested during the round, which it may have missed, then keeps the job running.
  state_ = State::kRunning;
  const WorkLeft left = round_();
  if (left == WorkLeft::kForNow) return JobStep::more();
  State running = State::kRunning;
  if (left == WorkLeft::kNone && state_.compare_exchange_strong(running, State::kEnded)) return JobStep::end();
  return JobStep::later(period_);
}

}  // namespace stator::engine
