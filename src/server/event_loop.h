#pragma once

#include <sys/epoll.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/descriptor.h"
#include "server/call_monitor.h"
#include "server/grouped_calls.h"
#include "server/memory_budget.h"
#include "server/protocol.h"
#include "server/run_queue_time.h"
#include "server/server.h"
#include "server/thread_pool.h"
#include "server/transport.h"

namespace stator::server {

class Connection;

/// What the event loops of a server share.
struct Shared {
  const Options& options;
  MemoryBudget& budget;
  ThreadPool& pool;
  CallMonitor& monitor;
  std::atomic<std::size_t>& connections;
  /// Makes the transport of a new connection.
  std::function<std::unique_ptr<Transport>(core::Descriptor socket)> make_transport;
};

/// Thrown to leave `EventLoop::drive` on a thread whose loop has been taken over.
struct TakenOver {};

using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// An epoll and its connections, driven by one thread at a time. A call to the endpoint runs on that thread. If it
/// takes long, another thread takes the loop over (CallMonitor); the first thread posts the result when the call is
/// done, and leaves. Unless stated otherwise, members may be used only by the thread that drives the loop, and a
/// connection with a running call only by the thread that runs the call.
///
/// Each socket is registered once, edge-triggered (EPOLLET), so that no request needs a system call to rearm it.
class EventLoop {
 public:
  using Task = std::function<void()>;
  /// How many tasks are worth posting at once.
  static constexpr std::size_t kPostedTogether = 16;

  /// Throws std::system_error if the system provides no descriptors for it.
  explicit EventLoop(const Shared& shared);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs the loop until it is drained, then calls `on_end`; or until another thread takes the loop over.
  void drive(Protocol& protocol);
  std::function<void()> on_end;

  // These may be called from any thread:
  /// Runs each task, separately, on the thread that drives the loop. Throws std::bad_alloc, and then takes none.
  void post(std::span<Task> tasks);
  void post(Task task) { post({&task, 1}); }
  /// Serves this socket, which must be non-blocking.
  void adopt(core::Descriptor socket);
  /// Closes idle connections, finishes those in flight, then ends `drive`.
  void begin_drain();
  /// The number of its connections, including those that `adopt` has handed over.
  [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  /// Counts calls; odd while one is running on the thread that drives the loop.
  [[nodiscard]] std::uint64_t call() const { return call_.load(std::memory_order_seq_cst); }
  [[nodiscard]] static bool is_under_way(std::uint64_t call) { return call % 2 == 1; }
  /// Returns true if `call` is still running; the calling thread must then drive the loop.
  [[nodiscard]] bool take_over(std::uint64_t call) { return end_call(call); }
  /// The total time that the thread which drives the loop has waited for a processor.
  [[nodiscard]] std::optional<std::uint64_t> run_queue_ns() const {
    return server::run_queue_ns(thread_.load(std::memory_order_relaxed));
  }
  [[nodiscard]] const Options& options() const { return shared_.options; }
  [[nodiscard]] MemoryBudget& budget() { return shared_.budget; }
  [[nodiscard]] ThreadPool& pool() { return shared_.pool; }

  /// Begins something that may take long. Until `end_call`, the thread may not use the loop.
  [[nodiscard]] std::uint64_t begin_call() {
    const std::uint64_t call = call_.load(std::memory_order_relaxed) + 1;
    call_.store(call, std::memory_order_seq_cst);
    if (shared_.monitor.asleep()) shared_.monitor.wake();
    return call;
  }
  /// Returns false if another thread has taken the loop over.
  [[nodiscard]] bool end_call(std::uint64_t call) {
    return call_.compare_exchange_strong(call, call + 1, std::memory_order_acq_rel);
  }

  /// The protocol of the thread that drives the loop, with that thread's buffers.
  [[nodiscard]] Protocol& protocol() { return *protocol_; }
  [[nodiscard]] bool draining() const { return draining_; }
  /// The time at which the turn began, which is exact enough for timeouts.
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
  /// The same time, with full precision.
  [[nodiscard]] std::chrono::steady_clock::time_point turn_began() const { return now_; }

  /// Notes that the connection has a call to be run together with others at the end of the turn.
  void defer_to_group(std::shared_ptr<Connection> connection) { deferred_.push_back(std::move(connection)); }

  using Step = void (Connection::*)(std::shared_ptr<Connection>);
  /// Continues with `step` of the connection after other connections have had their turn.
  void run_later(std::shared_ptr<Connection> connection, Step step) { later_.push_back({std::move(connection), step}); }
  /// Runs the task after the given time.
  void after(std::chrono::milliseconds pause, Task task);

  /// From here on the connection receives its socket's events (`Connection::on_events`). Throws std::system_error.
  void on_connection_opened(Connection& connection, int socket);
  /// Must be called before the socket is closed.
  void on_connection_closed(const Connection& connection, int socket);

 private:
  struct Waiting {
    std::shared_ptr<Connection> connection;
    Step step;
  };

  void turn();
  [[nodiscard]] Task take_posted();
  void wait_for_events();
  void run_timers();
  void refresh_time();
  void open(core::Descriptor socket);
  void connection_gone();
  void sweep();
  void schedule_sweep();
  void stop_if_drained();

  const Shared& shared_;
  Protocol* protocol_ = nullptr;
  std::atomic<std::uint64_t> call_{0};
  std::atomic<pid_t> thread_{0};  // the thread that drives it
  std::atomic<std::size_t> load_{0};
  bool draining_ = false;
  bool ended_ = false;
  std::int64_t drain_deadline_ms_ = 0;
  std::chrono::steady_clock::time_point now_;
  std::int64_t now_ms_ = 0;  // `now_` in milliseconds

  core::Descriptor epoll_;
  core::Descriptor wake_up_;
  // The rest of a turn's work is kept here and not on the stack of the driving thread, as another thread may have to
  // continue with it.
  std::array<epoll_event, 128> events_{};
  std::size_t event_count_ = 0;
  std::size_t next_event_ = 0;
  std::deque<Waiting> later_;
  std::vector<std::shared_ptr<Connection>> deferred_;
  GroupedCalls grouped_calls_{*this};
  std::multimap<std::int64_t, Task> timers_;  // by due time, in milliseconds

  std::mutex mutex_;
  std::deque<Task> posted_;
  std::atomic<bool> has_posted_{false};

  boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>,
                         boost::intrusive::constant_time_size<false>>
      connections_;
};

}  // namespace stator::server
