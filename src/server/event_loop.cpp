#include "server/event_loop.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>

#include "server/connection.h"

namespace stator::server {
namespace {

constexpr std::int64_t kMaxSweepMs = 1'000;
constexpr std::int64_t kMinSweepMs = 10;

}  // namespace

EventLoop::EventLoop(const Shared& shared)
    : shared_(shared), work_(boost::asio::make_work_guard(context_)), sweep_timer_(context_) {
  schedule_sweep();
}

EventLoop::~EventLoop() = default;

std::int64_t EventLoop::now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void EventLoop::drive(Protocol& protocol) {
  protocol_ = &protocol;
  thread_.store(::gettid(), std::memory_order_relaxed);
  while (!context_.stopped()) {
    try {
      context_.run();
    } catch (const TakenOver&) {
      return;
    } catch (const std::exception& error) {
      // Of one connection (memory ran out, say), which was destroyed with its handler; the others go on.
      spdlog::error("a connection failed: {}", error.what());
    }
  }
  if (on_end) on_end();
}

void EventLoop::adopt(boost::asio::ip::tcp::socket socket) {
  load_.fetch_add(1, std::memory_order_relaxed);
  shared_.connections.fetch_add(1, std::memory_order_relaxed);
  try {
    boost::asio::post(context_, [this, socket = std::move(socket)]() mutable { open(std::move(socket)); });
  } catch (...) {
    load_.fetch_sub(1, std::memory_order_relaxed);
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    throw;
  }
}

void EventLoop::open(boost::asio::ip::tcp::socket socket) {
  std::shared_ptr<Connection> connection;
  try {
    connection = std::make_shared<Connection>(*this, shared_.make_transport(std::move(socket)));
  } catch (...) {
    on_connection_closed();
    throw;
  }
  Connection::start(std::move(connection));
}

void EventLoop::on_connection_opened(Connection& connection) { connections_.push_back(connection); }

void EventLoop::on_connection_closed() {
  load_.fetch_sub(1, std::memory_order_relaxed);
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (draining_) stop_if_drained();
}

void EventLoop::stop_if_drained() {
  if (load() == 0) context_.stop();
}

void EventLoop::begin_drain() {
  boost::asio::post(context_, [this] {
    if (draining_) return;
    draining_ = true;
    drain_deadline_ms_ = now_ms() + options().drain_timeout_ms;
    for (auto at = connections_.begin(); at != connections_.end();) (at++)->drain();
    schedule_sweep();
    stop_if_drained();
  });
}

void EventLoop::schedule_sweep() {
  const Options& limits = options();
  const std::int64_t shortest =
      std::min({limits.idle_timeout_ms, limits.request_timeout_ms, limits.write_timeout_ms, limits.drain_timeout_ms});
  sweep_timer_.expires_after(std::chrono::milliseconds(std::clamp(shortest / 4, kMinSweepMs, kMaxSweepMs)));
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    sweep();
    schedule_sweep();
  });
}

void EventLoop::sweep() {
  const std::int64_t now = now_ms();
  const bool give_up = draining_ && now >= drain_deadline_ms_;
  for (auto at = connections_.begin(); at != connections_.end();) {
    Connection& connection = *at++;
    if (give_up) {
      connection.close();
    } else {
      connection.check_timeouts(now);
    }
  }
}

}  // namespace stator::server
