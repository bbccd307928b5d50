#include "server/worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>

#include "server/connection.h"

namespace stator::server {
namespace {

constexpr std::int64_t kMaxSweepMs = 1'000;
constexpr std::int64_t kMinSweepMs = 10;

}  // namespace

Worker::Worker(endpoint::Endpoint& endpoint, const Authenticator& authenticator, const Options& options, Totals& totals)
    : options_(options),
      totals_(totals),
      protocol_(endpoint, authenticator, options),
      context_(1),
      sweep_timer_(context_) {}

Worker::~Worker() = default;

std::int64_t Worker::now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Worker::run() {
  schedule_sweep();
  const auto work = boost::asio::make_work_guard(context_);
  while (!context_.stopped()) {
    try {
      context_.run();
    } catch (const std::exception& error) {
      // Of one connection (memory ran out, say); it went down with its handler, the others go on.
      spdlog::error("a connection failed: {}", error.what());
    }
  }
}

void Worker::adopt(boost::asio::ip::tcp::socket socket) {
  load_.fetch_add(1, std::memory_order_relaxed);
  totals_.connections.fetch_add(1, std::memory_order_relaxed);
  boost::asio::post(context_, [this, socket = std::move(socket)]() mutable {
    std::make_shared<Connection>(*this, std::move(socket))->start();
  });
}

void Worker::add(Connection& connection) { connections_.push_back(connection); }

void Worker::forget() {
  load_.fetch_sub(1, std::memory_order_relaxed);
  totals_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (draining_) stop_if_drained();
}

void Worker::stop_if_drained() {
  if (load() == 0) context_.stop();
}

bool Worker::take_memory(std::size_t bytes) {
  if (bytes == 0) return true;
  if (totals_.buffered_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes <= options_.max_buffered_bytes) {
    return true;
  }
  totals_.buffered_bytes.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

void Worker::give_memory(std::size_t bytes) { totals_.buffered_bytes.fetch_sub(bytes, std::memory_order_relaxed); }

void Worker::begin_drain() {
  boost::asio::post(context_, [this] {
    if (draining_) return;
    draining_ = true;
    drain_deadline_ms_ = now_ms() + options_.drain_timeout_ms;
    for (auto at = connections_.begin(); at != connections_.end();) (at++)->drain();
    schedule_sweep();
    stop_if_drained();
  });
}

void Worker::schedule_sweep() {
  const std::int64_t shortest = std::min(
      {options_.idle_timeout_ms, options_.request_timeout_ms, options_.write_timeout_ms, options_.drain_timeout_ms});
  sweep_timer_.expires_after(std::chrono::milliseconds(std::clamp(shortest / 4, kMinSweepMs, kMaxSweepMs)));
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    sweep();
    schedule_sweep();
  });
}

void Worker::sweep() {
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
