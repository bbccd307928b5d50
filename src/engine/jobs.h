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

/// Background work, done in steps. All members are called by the runner's thread only.
class Job {
 public:
  Job() = default;
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  /// Does a part of the work that takes a few milliseconds, as pausing and closing the engine wait for it. Locks that
  /// requests also take must be held for much less. An exception is noted and logged, and the step is tried again
  /// later.
  virtual JobStep step() = 0;
  [[nodiscard]] virtual JobProgress progress() const { return {}; }
};

/// The table or index that a job belongs to, and the part of a core that it may use.
struct JobOptions {
  std::string name;
  std::string table;
  std::string index;
  /// After each step the job rests for at least this many times the step's duration: with 9 it uses a tenth of a core.
  /// With 1, for jobs that somebody waits for, it rests only if calls came in meanwhile.
  int rest_for_work = 9;
};

/// Runs all jobs in one thread, which starts with the first job. Jobs take turns, step by step. A job that fails is
/// tried again after growing pauses; the others continue meanwhile.
class JobRunner {
 public:
  /// Takes one line for the log.
  using Log = std::function<void(std::string_view line)>;
  struct Options {
    Log log;
    /// The pause after the first failure; doubled by each further one, up to `longest_pause`.
    std::chrono::milliseconds first_pause{1000};
    std::chrono::milliseconds longest_pause{60'000};
    /// Whether calls came in since this function was last called; jobs then rest more.
    std::function<bool()> calls_came = [] { return true; };
  };
  explicit JobRunner(Options options) : options_(std::move(options)) {}
  /// Stops after the current step.
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// Adds a job, whose first step is due at once. A job may add other jobs.
  void add(JobOptions options, std::unique_ptr<Job> job);
  /// Adds a job that is one function and reports no progress.
  void add(JobOptions options, std::function<JobStep()> step);

  /// After this no step begins until `resume` has been called as often as `pause`. Waits for the running step, so the
  /// caller must not be a job or hold a lock that a step may take.
  void pause();
  void resume();
  /// The number of calls of `pause` that `resume` has not undone.
  [[nodiscard]] int pauses() const;

  /// Runs every waiting job now, without rests between its steps, until each has ended, failed or asked for a pause.
  /// False if that takes longer than `patience`, or if the runner is paused that long.
  bool run_due(std::chrono::milliseconds patience);

  /// The jobs that have not ended, in the order in which they were added, then those that ended last.
  [[nodiscard]] std::vector<JobInfo> list() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    JobInfo info;
    int rest_for_work = 0;
    std::unique_ptr<Job> job;
    std::uint64_t number = 0;  // in the order in which they were added
    Time due;                  // changed only while the entry is not in `waiting_`
    int hurried_rounds = 0;    // how many rounds `run_due` still waits for; a round ends when the job pauses, fails or
                               // ends
  };
  struct DueFirst {
    bool operator()(const Entry* one, const Entry* other) const {
      return one->due != other->due ? one->due < other->due : one->number < other->number;
    }
  };

  void start_thread();
  void run();
  /// Does one step of the first job in `waiting_`, with `lock` released meanwhile. Returns until when all jobs rest.
  Time run_first(std::unique_lock<std::mutex>& lock);
  void set_hurried_rounds(Entry& entry, int rounds);
  /// Called without the lock. Sets `error` to the text of what the step threw.
  static JobStep run_step(Job& job, std::string& error);
  void note_success(Entry& entry, const JobStep& step);
  void note_failure(Entry& entry, std::string error);
  void end(Entry& entry);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable unhurried_;  // separate, so that not every step wakes `run_due`
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
