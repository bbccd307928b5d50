#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "server/call_monitor.h"
#include "server/memory_budget.h"
#include "server/protocol.h"
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
  std::function<std::unique_ptr<Transport>(boost::asio::ip::tcp::socket)> make_transport;
};

/// Thrown to leave `EventLoop::drive` on a thread whose loop was taken over.
struct TakenOver {};

using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One I/O context and its connections, driven by one thread at a time. A call to the endpoint runs on that thread; if
/// it takes long, another thread takes the loop over meanwhile (CallMonitor), and the first one, when the call is done,
/// posts the result and leaves. Unless stated otherwise, members may be used only by the thread that drives the loop,
/// and a connection with a running call only by the thread that runs the call.
class EventLoop {
 public:
  explicit EventLoop(const Shared& shared);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs the loop until it is drained, then calls `on_end`; or until another thread takes it over.
  void drive(Protocol& protocol);
  std::function<void()> on_end;

  // From any thread:
  /// Serves this socket, which must belong to `context`, from now on.
  void adopt(boost::asio::ip::tcp::socket socket);
  /// Closes idle connections, finishes those in flight, then ends `drive`.
  void begin_drain();
  /// Connections that it has or that `adopt` has handed to it.
  [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  /// Counts calls; odd while one is running on the thread that drives the loop.
  [[nodiscard]] std::uint64_t call() const { return call_.load(std::memory_order_seq_cst); }
  [[nodiscard]] static bool is_under_way(std::uint64_t call) { return call % 2 == 1; }
  /// True: `call` is still running, and the calling thread must drive the loop from now on.
  [[nodiscard]] bool take_over(std::uint64_t call) { return end_call(call); }
  /// How long the thread that drives the loop has waited for a processor, in all.
  [[nodiscard]] std::optional<std::uint64_t> run_queue_ns() const {
    return server::run_queue_ns(thread_.load(std::memory_order_relaxed));
  }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
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
  /// False: another thread drives the loop by now.
  [[nodiscard]] bool end_call(std::uint64_t call) {
    return call_.compare_exchange_strong(call, call + 1, std::memory_order_acq_rel);
  }

  /// The protocol of the thread that drives the loop, with that thread's buffers.
  [[nodiscard]] Protocol& protocol() { return *protocol_; }
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] static std::int64_t now_ms();

  void on_connection_opened(Connection& connection);
  void on_connection_closed();

 private:
  void open(boost::asio::ip::tcp::socket socket);
  void sweep();
  void schedule_sweep();
  void stop_if_drained();

  const Shared& shared_;
  Protocol* protocol_ = nullptr;
  std::atomic<std::uint64_t> call_{0};
  std::atomic<pid_t> thread_{0};  // that drives it
  std::atomic<std::size_t> load_{0};
  bool draining_ = false;
  std::int64_t drain_deadline_ms_ = 0;
  boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>,
                         boost::intrusive::constant_time_size<false>>
      connections_;
  // After the list: handlers that die with the context own connections, which unlink themselves.
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_timer_;
};

}  // namespace stator::server
