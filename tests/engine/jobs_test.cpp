// The runner of background jobs: turns, failures, pauses, the end.

#include "engine/jobs.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "engine/periodic_job.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

using std::chrono::milliseconds;

/// Counts until two counts agree: a joined thread may be listed for a moment longer.
std::ptrdiff_t thread_count() {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
  };
  std::ptrdiff_t last = count();
  while (true) {
    std::this_thread::sleep_for(milliseconds(5));
    const std::ptrdiff_t now = count();
    if (now == last) return now;
    last = now;
  }
}

/// A runner whose log lines are collected.
struct LoggedRunner {
  std::mutex mutex;
  std::vector<std::string> lines;
  JobRunner runner{{.log =
                        [this](std::string_view line) {
                          const std::lock_guard<std::mutex> lock(mutex);
                          lines.emplace_back(line);
                        },
                    .first_pause = milliseconds(1),
                    .longest_pause = milliseconds(8)}};
  std::vector<std::string> logged() {
    const std::lock_guard<std::mutex> lock(mutex);
    return lines;
  }
};

JobOptions named(std::string name) { return {.name = std::move(name), .table = "t", .index = "i", .rest_for_work = 0}; }

TEST(JobRunner, StartsNoThreadWithoutAJob) {
  const std::ptrdiff_t before = thread_count();
  LoggedRunner logged;
  EXPECT_TRUE(logged.runner.list().empty());
  EXPECT_TRUE(wait_until([&] { return thread_count() == before; }));
  logged.runner.add(named("one"), [] { return JobStep::later(std::chrono::hours(1)); });
  logged.runner.add(named("two"), [] { return JobStep::later(std::chrono::hours(1)); });
  EXPECT_TRUE(wait_until([&] { return thread_count() == before + 1; }));
}

TEST(JobRunner, JobsTakeTurns) {
  std::string order;  // only the runner's thread writes it; read after both jobs have ended
  std::atomic<int> ended = 0;
  LoggedRunner logged;
  logged.runner.pause();
  for (const char letter : {'a', 'b', 'c'}) {
    logged.runner.add(named(std::string(1, letter)), [&, letter, steps = 0]() mutable {
      order.push_back(letter);
      if (++steps < 20) return JobStep::more();
      ++ended;
      return JobStep::end();
    });
  }
  logged.runner.resume();
  ASSERT_TRUE(wait_until([&] { return ended == 3; }));
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += "abc";
  EXPECT_EQ(order, expected);
}

TEST(JobRunner, OneThatFailsIsTriedAgainAfterGrowingPausesAndStopsNoOther) {
  std::atomic<int> attempts = 0;
  std::atomic<int> steps = 0;
  LoggedRunner logged;
  logged.runner.add(named("fails"), [&]() -> JobStep {
    if (++attempts > 6) return JobStep::later(std::chrono::hours(1));
    throw std::runtime_error("out of luck");
  });
  logged.runner.add(named("throws something else"), [&]() -> JobStep { throw 1; });  // NOLINT
  logged.runner.add(named("works"), [&] { return ++steps < 100 ? JobStep::more() : JobStep::end(); });
  ASSERT_TRUE(wait_until([&] { return steps == 100 && attempts > 6 && logged.runner.list().size() == 3; }));
  ASSERT_TRUE(wait_until([&] { return logged.runner.list().at(0).state == JobState::kWaiting; }));

  const std::vector<JobInfo> jobs = logged.runner.list();
  EXPECT_EQ(jobs.at(0).name, "fails");
  EXPECT_EQ(jobs.at(0).table, "t");
  EXPECT_EQ(jobs.at(0).index, "i");
  EXPECT_EQ(jobs.at(0).failures, 0U) << "it has recovered";
  EXPECT_EQ(jobs.at(0).last_error, "out of luck");
  EXPECT_GT(jobs.at(1).failures, 0U);
  EXPECT_EQ(jobs.at(1).last_error, "unknown error");
  EXPECT_EQ(jobs.at(2).name, "works");
  EXPECT_EQ(jobs.at(2).state, JobState::kEnded);

  std::vector<std::string> pauses;
  for (const std::string& line : logged.logged()) {
    if (line.starts_with("background job fails of table t, index i failed, trying again in ")) pauses.push_back(line);
  }
  ASSERT_EQ(pauses.size(), 6U);
  const char* expected[] = {" 1 ms", " 2 ms", " 4 ms", " 8 ms", " 8 ms", " 8 ms"};
  for (std::size_t i = 0; i < pauses.size(); ++i) {
    EXPECT_NE(pauses[i].find(std::string("in") + expected[i] + ": out of luck"), std::string::npos) << pauses[i];
  }
}

TEST(JobRunner, DoesNoStepWhilePaused) {
  std::atomic<int> steps = 0;
  LoggedRunner logged;
  logged.runner.add(named("busy"), [&] {
    ++steps;
    return JobStep::more();
  });
  ASSERT_TRUE(wait_until([&] { return steps > 3; }));
  logged.runner.pause();
  const int before = steps;
  logged.runner.pause();
  logged.runner.resume();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(steps, before);
  logged.runner.resume();
  EXPECT_TRUE(wait_until([&] { return steps > before; }));
}

TEST(JobRunner, EndsWithoutWaitingForWhatIsDueLater) {
  const auto began = std::chrono::steady_clock::now();
  {
    std::atomic<int> steps = 0;
    LoggedRunner logged;
    logged.runner.add(named("rare"), [&] {
      ++steps;
      return JobStep::later(std::chrono::hours(1));
    });
    logged.runner.add({.name = "long rest", .table = {}, .index = {}, .rest_for_work = 1'000'000}, [&] {
      ++steps;
      std::this_thread::sleep_for(milliseconds(1));
      return JobStep::more();
    });
    ASSERT_TRUE(wait_until([&] { return steps >= 2; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(60));
}

TEST(JobRunner, AJobThatSomebodyWaitsForRestsOnlyWhereCallsCome) {
  for (const bool calls_come : {true, false}) {
    SCOPED_TRACE(calls_come);
    std::vector<milliseconds> rests;
    JobRunner runner({.log = [](std::string_view) {}, .calls_came = [calls_come] { return calls_come; }});
    auto ended = std::chrono::steady_clock::now();
    JobOptions options = named("build");
    options.rest_for_work = 1;
    runner.add(std::move(options), [&] {
      const auto began = std::chrono::steady_clock::now();
      rests.push_back(std::chrono::duration_cast<milliseconds>(began - ended));
      std::this_thread::sleep_for(milliseconds(20));
      ended = std::chrono::steady_clock::now();
      return rests.size() <= 10 ? JobStep::more() : JobStep::later(std::chrono::hours(1));
    });
    ASSERT_TRUE(wait_until([&] { return runner.list().front().state == JobState::kWaiting; }));
    runner.pause();
    const milliseconds shortest = *std::min_element(rests.begin() + 1, rests.end());
    EXPECT_EQ(shortest >= milliseconds(20), calls_come) << shortest.count();
  }
}

TEST(JobRunner, ARoundThatBeganBeforeWorkWasDueIsMadeAgain) {
  std::atomic<int> time{0};
  std::atomic<int> seen{-1};
  bool is_first_step = true;
  LoggedRunner logged;
  JobOptions options = named("rounds");
  options.rest_for_work = 10'000'000;  // the job rests between the two steps of its round
  logged.runner.add(std::move(options), [&] {
    if (std::exchange(is_first_step, !is_first_step)) {
      seen = time.load();
      return JobStep::more();
    }
    return JobStep::later(std::chrono::hours(1));
  });
  ASSERT_TRUE(wait_until([&] { return seen == 0; }));
  for (int round = 1; round <= 3; ++round) {
    time = round;
    EXPECT_TRUE(logged.runner.run_due(std::chrono::seconds(10)));
    EXPECT_EQ(seen, round);
  }
}

TEST(JobRunner, AJobMayAddAnother) {
  std::atomic<bool> ran = false;
  LoggedRunner logged;
  logged.runner.add(named("first"), [&] {
    logged.runner.add(named("second"), [&] {
      ran = true;
      return JobStep::end();
    });
    return JobStep::end();
  });
  EXPECT_TRUE(wait_until([&] { return ran.load(); }));
}

/// The number of jobs that have not ended.
std::ptrdiff_t unfinished(const LoggedRunner& logged) {
  return std::ranges::count_if(logged.runner.list(), [](const JobInfo& job) { return job.state != JobState::kEnded; });
}

TEST(PeriodicJob, GoesOnUntilARoundLeavesNothingAndIsBegunAgainByMoreWork) {
  std::atomic<int> rounds = 0;
  PeriodicJob job("trim", milliseconds(1), [&rounds] {
    return ++rounds % 3 != 0 ? PeriodicJob::WorkLeft::kForLater : PeriodicJob::WorkLeft::kNone;
  });
  LoggedRunner logged;
  for (const int expected : {3, 6}) {
    job.ensure_running(logged.runner);
    ASSERT_TRUE(wait_until([&] { return unfinished(logged) == 0; }));
    EXPECT_EQ(rounds, expected);
  }
}

TEST(PeriodicJob, IsThereOnceHoweverOftenItsRoundsFail) {
  std::atomic<int> rounds = 0;
  PeriodicJob job("trim", milliseconds(1), [&rounds]() -> PeriodicJob::WorkLeft {
    if (++rounds <= 5) throw std::runtime_error("no luck");
    return PeriodicJob::WorkLeft::kNone;
  });
  LoggedRunner logged;
  for (int round = 1; round <= 5; ++round) {
    job.ensure_running(logged.runner);
    ASSERT_TRUE(wait_until([&] { return rounds >= round; }));
    EXPECT_LE(unfinished(logged), 1) << round;
  }
  ASSERT_TRUE(wait_until([&] { return unfinished(logged) == 0; }));
  EXPECT_EQ(logged.runner.list().size(), 1U);
}

TEST(PeriodicJob, WorkThatARoundMayHaveMissedGetsAnotherRound) {
  std::atomic<int> rounds = 0;
  LoggedRunner* runs_it = nullptr;
  PeriodicJob job("trim", milliseconds(1), [&] {
    if (++rounds == 1) job.ensure_running(runs_it->runner);
    return PeriodicJob::WorkLeft::kNone;
  });
  LoggedRunner logged;
  runs_it = &logged;
  job.ensure_running(logged.runner);
  ASSERT_TRUE(wait_until([&] { return unfinished(logged) == 0; }));
  EXPECT_EQ(rounds, 2);
}

TEST(JobRunner, ListsTheLastJobsThatEnded) {
  std::atomic<int> ended = 0;
  LoggedRunner logged;
  for (int i = 0; i < 100; ++i) {
    logged.runner.add(named(std::to_string(i)), [&] {
      ++ended;
      return JobStep::end();
    });
  }
  ASSERT_TRUE(wait_until([&] { return ended == 100 && logged.runner.list().size() == 32; }));
  EXPECT_EQ(logged.runner.list().front().name, "68");
  EXPECT_EQ(logged.runner.list().back().name, "99");
}

/// The time of a step must not grow with the number of waiting jobs (as of tables with a time to live), which would
/// load an idle machine.
TEST(JobRunner, AStepTakesNoLongerWhereManyJobsWait) {
  LoggedRunner logged;
  constexpr int kJobs = 40'000;
  for (int i = 0; i < kJobs; ++i) {
    logged.runner.add(named("rare"), [] { return JobStep::later(std::chrono::hours(1)); });
  }
  const auto seconds = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  const double before = seconds();
  ASSERT_TRUE(logged.runner.run_due(std::chrono::minutes(5)));
  EXPECT_LT(seconds() - before, 8) << "about a second; where each step looks at each job, sixteen";
}

}  // namespace
}  // namespace stator::engine
