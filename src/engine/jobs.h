#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/job_info.h"

namespace stator::engine {

/// When a job is to continue after a step.
struct JobStep {
  enum class Then : std::uint8_t { kMore, kLater, kEnd };
  Then then = Then::kEnd;
  std::chrono::milliseconds pause{0};  // kLater
  static JobStep more() { return {Then::kMore, {}}; }
  static JobStep later(std::chrono::milliseconds pause) { return {Then::kLater, pause}; }
  static JobStep end() { return {Then::kEnd, {}}; }
};

/// Work in the background, done in steps. Every member is called by the runner's thread, never two at once.
class Job {
 public:
  Job() = default;
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  /// Does a bounded part of the work: a few milliseconds, as pausing and closing the engine wait for it. A lock that
  /// requests take too is held for much less. What it throws is noted and logged, and the step is tried again later.
  virtual JobStep step() = 0;
  [[nodiscard]] virtual JobProgress progress() const { return {}; }
};

/// The table or index that a job belongs to, and the part of a core that it may use.
struct JobOptions {
  std::string name;
  std::string table;
  std::string index;
  /// After each step the job rests at least this many times the step's duration: 9 means a tenth of a core. With 1,
  /// for what somebody waits for, it rests only where calls came meanwhile.
  int rest_for_work = 9;
};

/// Runs all jobs in one thread, which begins with the first job. Jobs take turns, step by step. One that fails is tried
/// again after pauses that grow, and the others go on meanwhile.
class JobRunner {
 public:
  /// Takes one line for the log.
  using Log = std::function<void(std::string_view line)>;
  struct Options {
    Log log;
    /// The pause after a first failure; it doubles with each further one, up to `longest_pause`.
    std::chrono::milliseconds first_pause{1000};
    std::chrono::milliseconds longest_pause{60'000};
    /// Whether calls came, for which jobs make room, since this was asked last.
    std::function<bool()> calls_came = [] { return true; };
  };
  explicit JobRunner(Options options) : options_(std::move(options)) {}
  /// Stops after the current step.
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// The first step is due at once. A job may add others.
  void add(JobOptions options, std::unique_ptr<Job> job);
  /// A job that is one function and reports no progress.
  void add(JobOptions options, std::function<JobStep()> step);

  /// No step begins until `resume` was called as often as `pause`. Waits for the running step, so the caller must not
  /// hold a lock that a step may want, nor be a job.
  void pause();
  void resume();
  /// How often `pause` was called without `resume`.
  [[nodiscard]] int pauses() const;

  /// Runs every waiting job now, without rests between its steps. Returns when each of them has ended, failed or asked
  /// for a pause again; false where that takes longer than `patience`, or while paused.
  bool run_due(std::chrono::milliseconds patience);

  /// Running and waiting jobs, in the order in which they were added, then the last ones that ended.
  [[nodiscard]] std::vector<JobInfo> list() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    JobInfo info;
    int rest_for_work = 0;
    std::unique_ptr<Job> job;
    std::uint64_t number = 0;  // in the order in which they were added
    Time due;                  // changed only while the entry is not in `waiting_`
    int hurried_rounds = 0;    // run_due waits for so many of its rounds, each up to a rest or the end
  };
  struct DueFirst {
    bool operator()(const Entry* one, const Entry* other) const {
      return one->due != other->due ? one->due < other->due : one->number < other->number;
    }
  };

  void start_thread();
  void run();
  /// Does a step of the first job of `waiting_`, with `lock` open; returns until when all jobs rest.
  Time run_first(std::unique_lock<std::mutex>& lock);
  void set_hurried_rounds(Entry& entry, int rounds);
  /// Runs without the lock. `error`: the text of what the step threw.
  static JobStep run_step(Job& job, std::string& error);
  void note_success(Entry& entry, const JobStep& step);
  void note_failure(Entry& entry, std::string error);
  void end(Entry& entry);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable unhurried_;  // of its own: run_due is not woken by each step
  std::map<std::uint64_t, Entry> entries_;
  std::set<Entry*, DueFirst> waiting_;  // all but the running one
  std::size_t hurried_ = 0;             // entries with hurried rounds
  std::uint64_t added_ = 0;
  std::deque<JobInfo> ended_;
  Entry* running_ = nullptr;
  int pauses_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace stator::engine
