#include "server/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace stator::server {
namespace {

/// Fields of /proc/self/stat, with their numbers in proc(5).
struct ProcessState {
  std::uint64_t threads = 0;         // 20
  std::uint64_t start_ticks = 0;     // 22: since the machine's start
  std::uint64_t virtual_bytes = 0;   // 23
  std::uint64_t resident_pages = 0;  // 24
};

bool read_state(ProcessState& state) {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // The second field is the program's name in brackets, which may contain any character.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(text.substr(name_end + 1));
  std::string passed_over;
  constexpr int kFirst = 3;
  constexpr int kThreads = 20;
  for (int i = kFirst; i < kThreads; ++i) fields >> passed_over;
  fields >> state.threads >> passed_over >> state.start_ticks >> state.virtual_bytes >> state.resident_pages;
  return !fields.fail();
}

double seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return seconds(now);
}

/// The process's start in seconds since 1970. Computed once: the two clocks drift apart, and Prometheus would take a
/// changed start time for a restart.
double start_time(const ProcessState& state, double ticks_a_second) {
  static const double began =
      seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME) + static_cast<double>(state.start_ticks) / ticks_a_second;
  return began;
}

}  // namespace

void append_process_figures(core::MetricsText& out) {
  using core::MetricKind;
  out.one("process_cpu_seconds_total", MetricKind::kCounter, "Processor time, the kernel's included, in seconds.",
          seconds_of(CLOCK_PROCESS_CPUTIME_ID));
  ProcessState state;
  if (read_state(state)) {
    out.one("process_start_time_seconds", MetricKind::kGauge, "When the process began, in seconds since 1970.",
            start_time(state, static_cast<double>(::sysconf(_SC_CLK_TCK))));
    out.one("process_threads", MetricKind::kGauge, "Threads.", state.threads);
    out.one("process_virtual_memory_bytes", MetricKind::kGauge, "Address space.", state.virtual_bytes);
    out.one("process_resident_memory_bytes", MetricKind::kGauge, "Memory.",
            state.resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  }
  std::error_code error;
  std::uint64_t open = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error)) {
    ++open;
  }
  if (!error) out.one("process_open_fds", MetricKind::kGauge, "Open file descriptors.", open);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.one("process_max_fds", MetricKind::kGauge, "The limit on open file descriptors.",
            static_cast<std::uint64_t>(limit.rlim_cur));
  }
}

}  // namespace stator::server
