#include "server/call_monitor.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>

#include "server/event_loop.h"

namespace stator::server {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(2);
constexpr unsigned kLooksBeforeSleep = 50;

}  // namespace

CallMonitor::CallMonitor(boost::asio::io_context& context, ThreadPool& pool)
    : context_(context), pool_(pool), timer_(context) {}

void CallMonitor::add(EventLoop& loop) { watched_.push_back({.loop = &loop}); }

void CallMonitor::stop() {
  stopped_ = true;
  timer_.cancel();
}

void CallMonitor::wake() noexcept {
  if (!asleep_.exchange(false)) return;
  try {
    boost::asio::post(context_, [this] {
      quiet_looks_ = 0;
      schedule();
    });
  } catch (...) {
    asleep_.store(true);  // the next call tries again
  }
}

void CallMonitor::schedule() {
  if (stopped_) return;
  timer_.expires_after(kInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

bool CallMonitor::all_quiet() const {
  return std::ranges::all_of(watched_, [](const Watched& watched) {
    const std::uint64_t call = watched.loop->call();
    return call == watched.seen && !EventLoop::is_under_way(call);
  });
}

void CallMonitor::look() {
  quiet_looks_ = all_quiet() ? quiet_looks_ + 1 : 0;
  for (Watched& watched : watched_) look_at(watched);
  if (quiet_looks_ < kLooksBeforeSleep) return schedule();
  asleep_.store(true, std::memory_order_seq_cst);
  // A call that began before this store saw no need to wake us, but is seen here; a later one wakes us.
  if (!all_quiet() && asleep_.exchange(false)) {
    quiet_looks_ = 0;
    schedule();
  }
}

void CallMonitor::look_at(Watched& watched) {
  const std::uint64_t call = watched.loop->call();
  const bool held_up = call == watched.seen && EventLoop::is_under_way(call) && watched.taken_over != call;
  watched.seen = call;
  if (!held_up) return;
  EventLoop* const loop = watched.loop;
  const bool sent = pool_.run_now([loop, call](Protocol& protocol) {
    if (loop->take_over(call)) loop->drive(protocol);
  });
  if (sent) watched.taken_over = call;
}

}  // namespace stator::server
