#include "server/event_loop.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

#include "server/connection.h"

namespace stator::server {
namespace {

constexpr std::int64_t kMaxSweepMs = 1'000;
constexpr std::int64_t kMinSweepMs = 10;
/// Number of posted tasks that run before connections get their turn again.
constexpr int kPostedAtOnce = 128;

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category(), "an event loop"); }

}  // namespace

EventLoop::EventLoop(const Shared& shared)
    : shared_(shared), epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_up_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (epoll_.number() < 0 || wake_up_.number() < 0) fail();
  // The event is never read: each write to it triggers epoll.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, wake_up_.number(), &event) != 0) fail();
  refresh_time();
  schedule_sweep();
}

EventLoop::~EventLoop() {
  // Waiting work owns connections, which unlink themselves from the list and may access the loop when they close.
  later_.clear();
  deferred_.clear();
  timers_.clear();
  posted_.clear();
  for (auto at = connections_.begin(); at != connections_.end();) (at++)->abandon();
}

void EventLoop::refresh_time() {
  now_ = std::chrono::steady_clock::now();
  now_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
}

void EventLoop::drive(Protocol& protocol) {
  protocol_ = &protocol;
  thread_.store(::gettid(), std::memory_order_relaxed);
  refresh_time();
  while (!ended_) {
    try {
      turn();
    } catch (const TakenOver&) {
      return;
    } catch (const std::exception& error) {
      // The error of one connection (memory ran out, say), which was destroyed with its work; the others continue.
      spdlog::error("a connection failed: {}", error.what());
    }
  }
  if (on_end) on_end();
}

/// Any step may throw, or find that the loop was taken over; the next turn then continues with the rest of this one.
void EventLoop::turn() {
  while (next_event_ < event_count_) {
    const epoll_event event = events_[next_event_++];
    if (event.data.ptr != nullptr) static_cast<Connection*>(event.data.ptr)->on_events(event.events);
  }
  if (!deferred_.empty()) grouped_calls_.add(deferred_);
  for (int i = 0; i < kPostedAtOnce && has_posted_.load(std::memory_order_acquire); ++i) {
    if (const Task task = take_posted()) task();
  }
  for (std::size_t left = later_.size(); left > 0 && !later_.empty(); --left) {
    Waiting next = std::move(later_.front());
    later_.pop_front();
    Connection& connection = *next.connection;
    (connection.*next.step)(std::move(next.connection));
  }
  if (!deferred_.empty()) grouped_calls_.add(deferred_);
  if (ended_) return;
  wait_for_events();
  run_timers();
}

void EventLoop::wait_for_events() {
  std::int64_t timeout_ms = -1;
  if (!later_.empty() || has_posted_.load(std::memory_order_acquire)) {
    timeout_ms = 0;
  } else if (!timers_.empty()) {
    timeout_ms = std::clamp<std::int64_t>(timers_.begin()->first - now_ms_, 0, std::numeric_limits<int>::max());
  }
  next_event_ = 0;
  event_count_ = 0;
  const int count =
      ::epoll_wait(epoll_.number(), events_.data(), static_cast<int>(events_.size()), static_cast<int>(timeout_ms));
  refresh_time();
  event_count_ = static_cast<std::size_t>(std::max(count, 0));
}

void EventLoop::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= now_ms_) {
    const auto due = timers_.extract(timers_.begin());
    due.mapped()();
  }
}

void EventLoop::after(std::chrono::milliseconds pause, Task task) {
  // The turn may have begun a while ago.
  refresh_time();
  // One millisecond more, since `now_ms_` is rounded down.
  timers_.emplace(now_ms_ + pause.count() + 1, std::move(task));
}

void EventLoop::post(std::span<Task> tasks) {
  bool first = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    first = posted_.empty();
    posted_.insert(posted_.end(), std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end()));
    has_posted_.store(true, std::memory_order_release);
  }
  if (!first) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_up_.number(), &one, sizeof one);
}

EventLoop::Task EventLoop::take_posted() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (posted_.empty()) return {};
  Task task = std::move(posted_.front());
  posted_.pop_front();
  has_posted_.store(!posted_.empty(), std::memory_order_release);
  return task;
}

void EventLoop::adopt(core::Descriptor socket) {
  load_.fetch_add(1, std::memory_order_relaxed);
  shared_.connections.fetch_add(1, std::memory_order_relaxed);
  try {
    const auto shared_socket = std::make_shared<core::Descriptor>(std::move(socket));
    post([this, shared_socket] { open(std::move(*shared_socket)); });
  } catch (...) {
    load_.fetch_sub(1, std::memory_order_relaxed);
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    throw;
  }
}

void EventLoop::open(core::Descriptor socket) {
  std::shared_ptr<Connection> connection;
  try {
    connection = std::make_shared<Connection>(*this, shared_.make_transport(std::move(socket)));
  } catch (...) {
    connection_gone();
    throw;
  }
  Connection::start(std::move(connection));
}

void EventLoop::on_connection_opened(Connection& connection, int socket) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &connection}};
  if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, socket, &event) != 0) fail();
  connections_.push_back(connection);
}

void EventLoop::on_connection_closed(const Connection& connection, int socket) {
  // Closing is not enough if a child process that is being started has the socket too.
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, socket, nullptr);
  for (std::size_t i = next_event_; i < event_count_; ++i) {
    if (events_[i].data.ptr == &connection) events_[i].data.ptr = nullptr;
  }
  connection_gone();
}

void EventLoop::connection_gone() {
  load_.fetch_sub(1, std::memory_order_relaxed);
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (draining_) stop_if_drained();
}

void EventLoop::stop_if_drained() {
  if (load() == 0) ended_ = true;
}

void EventLoop::begin_drain() {
  post([this] {
    if (draining_) return;
    draining_ = true;
    drain_deadline_ms_ = now_ms() + options().drain_timeout_ms;
    for (auto at = connections_.begin(); at != connections_.end();) (at++)->drain();
    stop_if_drained();
  });
}

void EventLoop::schedule_sweep() {
  const Options& limits = options();
  const std::int64_t shortest =
      std::min({limits.idle_timeout_ms, limits.request_timeout_ms, limits.write_timeout_ms, limits.drain_timeout_ms});
  const std::chrono::milliseconds pause(std::clamp(shortest / 4, kMinSweepMs, kMaxSweepMs));
  after(pause, [this] {
    sweep();
    schedule_sweep();
  });
}

void EventLoop::sweep() {
  const bool give_up = draining_ && now_ms_ >= drain_deadline_ms_;
  for (auto at = connections_.begin(); at != connections_.end();) {
    // Closing ends the wait that owns the connection, so hold it here.
    const std::shared_ptr<Connection> connection = (at++)->shared_from_this();
    if (give_up) {
      connection->close();
    } else {
      connection->check_timeouts(now_ms_);
    }
  }
}

}  // namespace stator::server
