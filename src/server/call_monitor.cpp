#include "server/call_monitor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/event_loop.h"

namespace stator::server {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(2);
constexpr unsigned kLooksBeforeSleep = 50;

}  // namespace

CallMonitor::CallMonitor(ThreadPool& pool) : pool_(pool) {}

CallMonitor::~CallMonitor() { stop(); }

void CallMonitor::add(EventLoop& loop) { watched_.emplace_back().loop = &loop; }

void CallMonitor::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void CallMonitor::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  wake();
  thread_.join();
}

void CallMonitor::wake() noexcept {
  if (asleep_.exchange(false)) asleep_.notify_one();
}

bool CallMonitor::all_quiet() const {
  return std::ranges::all_of(watched_, [](const Watched& watched) {
    const std::uint64_t call = watched.loop->call();
    return call == watched.seen && !EventLoop::is_under_way(call);
  });
}

void CallMonitor::run(const std::stop_token& stop) {
  unsigned quiet_looks = 0;
  while (!stop.stop_requested()) {
    if (quiet_looks >= kLooksBeforeSleep) {
      quiet_looks = 0;
      asleep_.store(true, std::memory_order_seq_cst);
      // A call that began before this store did not wake this thread, but is seen here; a later call wakes it.
      if (all_quiet() && !stop.stop_requested()) asleep_.wait(true);
      asleep_.store(false);
    }
    std::this_thread::sleep_for(kInterval);
    quiet_looks = all_quiet() ? quiet_looks + 1 : 0;
    for (Watched& watched : watched_) check(watched);
  }
}

void CallMonitor::check(Watched& watched) {
  const std::uint64_t call = watched.loop->call();
  const bool long_call = call == watched.seen && EventLoop::is_under_way(call) && watched.taken_over != call;
  watched.seen = call;
  if (!long_call) {
    watched.waited_ns.reset();
    return;
  }
  const std::optional<std::uint64_t> waited = watched.loop->run_queue_ns();
  const std::optional<std::uint64_t> before = std::exchange(watched.waited_ns, waited);
  if (waited) {
    // The call is long. A second check is needed to see whether its thread ran or waited for a processor.
    if (!before) return;
    if (std::chrono::nanoseconds(*waited - *before) > kInterval / 2) return;
  }
  EventLoop* const loop = watched.loop;
  const bool sent = pool_.run_now([loop, call](Protocol& protocol) {
    if (loop->take_over(call)) loop->drive(protocol);
  });
  if (sent) watched.taken_over = call;
}

}  // namespace stator::server
