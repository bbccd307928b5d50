#include "engine/jobs.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <system_error>
#include <utility>

namespace stator::engine {
namespace {

/// The number of ended jobs that are still listed.
constexpr std::size_t kEndedListed = 32;
/// A job rests for at most this duration of a step: a longer one is an accident (a slow disk) and need not be made up
/// for.
constexpr std::chrono::milliseconds kLongestStep{100};

class FunctionJob final : public Job {
 public:
  explicit FunctionJob(std::function<JobStep()> step) : step_(std::move(step)) {}
  JobStep step() override { return step_(); }

 private:
  const std::function<JobStep()> step_;
};

std::string description(const JobInfo& info) {
  std::string text = "background job " + info.name;
  if (!info.table.empty()) text += " of table " + info.table;
  if (!info.index.empty()) text += ", index " + info.index;
  return text;
}

}  // namespace

std::string_view job_state_name(JobState state) {
  switch (state) {
    case JobState::kReady:
      return "READY";
    case JobState::kRunning:
      return "RUNNING";
    case JobState::kWaiting:
      return "WAITING";
    case JobState::kFailing:
      return "FAILING";
    case JobState::kEnded:
      return "ENDED";
  }
  return "UNKNOWN";
}

JobRunner::~JobRunner() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JobRunner::add(JobOptions options, std::unique_ptr<Job> job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::uint64_t number = added_++;
  Entry& entry = entries_[number];
  entry.info.name = std::move(options.name);
  entry.info.table = std::move(options.table);
  entry.info.index = std::move(options.index);
  entry.rest_for_work = options.rest_for_work;
  entry.job = std::move(job);
  entry.number = number;
  entry.due = std::chrono::steady_clock::now();
  try {
    waiting_.insert(&entry);
  } catch (...) {
    entries_.erase(number);
    throw;
  }
  start_thread();
  changed_.notify_all();
}

void JobRunner::add(JobOptions options, std::function<JobStep()> step) {
  add(std::move(options), std::make_unique<FunctionJob>(std::move(step)));
}

void JobRunner::start_thread() {
  if (thread_.joinable()) return;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    // The job stays listed; adding the next job tries again.
    options_.log(std::string("background jobs wait, as no thread can be started: ") + error.what());
  }
}

void JobRunner::pause() {
  std::unique_lock<std::mutex> lock(mutex_);
  ++pauses_;
  changed_.wait(lock, [this] { return running_ == nullptr; });
}

void JobRunner::resume() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    assert(pauses_ > 0);
    --pauses_;
  }
  changed_.notify_all();
}

int JobRunner::pauses() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return pauses_;
}

bool JobRunner::run_due(std::chrono::milliseconds patience) {
  const Time until = std::chrono::steady_clock::now() + patience;
  std::unique_lock<std::mutex> lock(mutex_);
  // The current step began before the change that the caller has made.
  changed_.wait_until(lock, until, [this] { return running_ == nullptr; });
  for (auto& [number, entry] : entries_) {
    // A round that is under way may already have passed what became due.
    set_hurried_rounds(entry, entry.info.state == JobState::kWaiting ? 1 : 2);
  }
  const Time now = std::chrono::steady_clock::now();
  for (auto earlier = std::exchange(waiting_, {}); !earlier.empty();) {
    auto place = earlier.extract(earlier.begin());
    place.value()->due = now;
    waiting_.insert(std::move(place));
  }
  changed_.notify_all();
  return unhurried_.wait_until(lock, until, [this] { return hurried_ == 0; });
}

std::vector<JobInfo> JobRunner::list() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<JobInfo> jobs;
  jobs.reserve(entries_.size() + ended_.size());
  const Time now = std::chrono::steady_clock::now();
  for (const auto& [number, entry] : entries_) {
    JobInfo info = entry.info;
    if (&entry == running_) {
      info.state = JobState::kRunning;
    } else if (info.state == JobState::kWaiting && entry.due <= now) {
      info.state = JobState::kReady;
    }
    jobs.push_back(std::move(info));
  }
  jobs.insert(jobs.end(), ended_.begin(), ended_.end());
  return jobs;
}

void JobRunner::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  Time rested;  // the wait for this and for the next due step is one: a wakeup costs more than most steps
  while (!stopping_) {
    if (pauses_ > 0 || waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Time due = std::max((*waiting_.begin())->due, rested);
    if (due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    rested = run_first(lock);
  }
}

JobRunner::Time JobRunner::run_first(std::unique_lock<std::mutex>& lock) {
  auto place = waiting_.extract(waiting_.begin());  // kept, so that inserting it again needs no memory
  Entry& entry = *place.value();
  running_ = &entry;
  std::string error;
  lock.unlock();
  const Time began = std::chrono::steady_clock::now();
  const JobStep step = run_step(*entry.job, error);
  const JobProgress progress = entry.job->progress();
  lock.lock();
  running_ = nullptr;
  entry.info.progress = progress;
  const std::chrono::nanoseconds took =
      std::min<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began, kLongestStep);
  // While calls come in, all jobs together use at most half a core, and each at most its share.
  const bool hurried = entry.hurried_rounds > 0;
  const bool makes_room = options_.calls_came() && !hurried;
  const std::chrono::nanoseconds rest = makes_room ? took * std::min(entry.rest_for_work, 1) : took * 0;
  const Time now = std::chrono::steady_clock::now();
  const bool rests = !hurried && (makes_room || entry.rest_for_work > 1);
  entry.due = now + (rests ? 1 : 0) * took * entry.rest_for_work;
  if (!error.empty() || step.then == JobStep::Then::kEnd) {
    set_hurried_rounds(entry, 0);
  } else if (hurried && step.then == JobStep::Then::kLater) {
    set_hurried_rounds(entry, entry.hurried_rounds - 1);
  }
  error.empty() ? note_success(entry, step) : note_failure(entry, std::move(error));
  if (step.then == JobStep::Then::kEnd) {
    end(entry);
  } else {
    waiting_.insert(std::move(place));
  }
  changed_.notify_all();  // a thread in `pause` waits for the end of this step
  return now + rest;
}

void JobRunner::set_hurried_rounds(Entry& entry, int rounds) {
  if (entry.hurried_rounds > 0) --hurried_;
  entry.hurried_rounds = rounds;
  if (entry.hurried_rounds > 0) ++hurried_;
  if (hurried_ == 0) unhurried_.notify_all();
}

JobStep JobRunner::run_step(Job& job, std::string& error) {
  try {
    return job.step();
  } catch (const std::exception& thrown) {
    error = thrown.what();
  } catch (...) {
    error = "unknown error";
  }
  if (error.empty()) error = "unknown error";
  return JobStep::more();
}

void JobRunner::note_success(Entry& entry, const JobStep& step) {
  entry.info.failures = 0;
  // A job with more to do comes after all others that are due.
  if (entry.hurried_rounds == 0) entry.due += step.pause;
  entry.info.state = step.then == JobStep::Then::kLater ? JobState::kWaiting : JobState::kReady;
}

void JobRunner::note_failure(Entry& entry, std::string error) {
  auto pause = options_.first_pause;
  for (std::uint64_t i = 0; i < entry.info.failures && pause < options_.longest_pause; ++i) pause *= 2;
  pause = std::min(pause, options_.longest_pause);
  ++entry.info.failures;
  entry.due = std::chrono::steady_clock::now() + pause;
  entry.info.state = JobState::kFailing;
  options_.log(description(entry.info) + " failed, trying again in " + std::to_string(pause.count()) + " ms: " + error);
  entry.info.last_error = std::move(error);
}

void JobRunner::end(Entry& entry) {
  entry.info.state = JobState::kEnded;
  ended_.push_back(std::move(entry.info));
  if (ended_.size() > kEndedListed) ended_.pop_front();
  entries_.erase(entry.number);
}

}  // namespace stator::engine
