#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <deque>
#include <fstream>

#include "server/running_server.h"
#include "server/stop_signals.h"

namespace stator::server {
namespace {

#if defined(__has_feature)  // clang reports sanitizers so; GCC defines the macros
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;  // sanitizers need more address space than any limit leaves
#else
constexpr bool kSanitized = false;
#endif

/// Returns the size of the process's address space, in bytes.
rlim_t address_space_bytes() {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  return pages * 4096;
}

/// Runs in a child process: starts a server with more event loops than the system gives threads; their stacks do not
/// fit.
[[noreturn]] void start_without_threads() {
  FakeEndpoint endpoint;
  Options options;
  options.port = 0;
  options.threads = 64;
  Server server(endpoint, options);
  const rlimit limit{address_space_bytes() + (rlim_t{60} << 20), RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &limit);
  try {
    server.run();
  } catch (const std::runtime_error& error) {
    std::fputs(error.what(), stderr);
    std::_Exit(7);
  }
  std::_Exit(0);
}

TEST(Start, FailsWithALineWhenThereAreTooFewThreads) {
  if (kSanitized) GTEST_SKIP();
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(start_without_threads(), testing::ExitedWithCode(7), "cannot start the server's threads");
}

/// Runs in a child process, since threads of earlier tests (such as an engine's) would let the signal end the process.
/// The exit status is the number of calls.
[[noreturn]] void signal_a_watcher() {
  std::atomic<int> calls{0};
  StopSignals signals;
  const auto watch = signals.watch([&calls] { calls.fetch_add(1); });
  ::kill(::getpid(), SIGTERM);
  for (int i = 0; i < 1'000 && calls == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::_Exit(calls);
}

TEST(StopSignals, CallWhoWatches) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(signal_a_watcher(), testing::ExitedWithCode(1), "");
}

/// Sends the signal while the process waits for something that never comes.
[[noreturn]] void signal_who_waits() {
  StopSignals signals;
  signals.leave_after(std::chrono::milliseconds(50));
  const auto watch = signals.watch([] {});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ::kill(::getpid(), SIGTERM);
  std::this_thread::sleep_for(std::chrono::seconds(20));
  std::_Exit(9);
}

TEST(StopSignals, EndAProcessThatWaitsForNothingOfItsOwn) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(signal_who_waits(), testing::ExitedWithCode(0), "");
}

/// Closing a terminal makes the kernel and the shell each send SIGHUP. The exit status is the number of calls.
[[noreturn]] void hang_up(bool ignored) {
  if (ignored) ::signal(SIGHUP, SIG_IGN);
  std::atomic<int> calls{0};
  StopSignals signals;
  const auto watch = signals.watch([&calls] { calls.fetch_add(1); });
  for (int times = 0; times < 2; ++times) {
    ::kill(::getpid(), SIGHUP);
    for (int i = 0; i < 20 && calls == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::_Exit(calls);
}

TEST(StopSignals, AreThoseOfATerminalThatGoesAwayToo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_up(false), testing::ExitedWithCode(1), "");
  EXPECT_EXIT(hang_up(true), testing::ExitedWithCode(0), "") << "nohup";
}

[[noreturn]] void signal_after_the_watch() {
  std::atomic<int> calls{0};
  StopSignals signals;
  {
    // As when a running server throws: the objects that the signal would use are gone.
    const auto watch = signals.watch([&calls] { calls.fetch_add(1); });
  }
  ::kill(::getpid(), SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::_Exit(calls);
}

TEST(StopSignals, CallNothingThatHasEnded) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(signal_after_the_watch(), testing::ExitedWithCode(0), "");
}

rlimit descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

/// Restores the limit on open files when destroyed.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t soft) : before_(descriptor_limit()) {
    rlimit limit = before_;
    limit.rlim_cur = soft;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_;
};

TEST(Descriptors, WithoutAnyLeftClientsAreToldAndServedAgainLater) {
  const RunningServer server;
  std::deque<UnconnectedClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back();
  {
    // The next accept would get the lowest free descriptor.
    const int lowest = ::dup(0);
    ::close(lowest);
    const DescriptorLimit none(static_cast<rlim_t>(lowest));
    for (UnconnectedClient& client : clients) {
      client.connect(server.port());
      EXPECT_EQ(client.receive().status, 503);
    }
  }
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(server.alive());
}

TEST(Descriptors, MaxConnectionsFollowTheLimit) {
  FakeEndpoint endpoint;
  Options options;
  options.port = 0;
  options.threads = 1;
  options.max_connections = 100;
  EXPECT_EQ(Server(endpoint, options).max_connections(), 100U);
  options.max_connections = descriptor_limit().rlim_max;
  const std::size_t fewer = Server(endpoint, options).max_connections();
  EXPECT_LT(fewer, options.max_connections - options.reserved_descriptors);
  options.reserved_descriptors += 100;
  EXPECT_EQ(Server(endpoint, options).max_connections(), fewer - 100);
  options.reserved_descriptors = descriptor_limit().rlim_max;
  EXPECT_THROW(Server(endpoint, options), std::runtime_error);
}

}  // namespace
}  // namespace stator::server
