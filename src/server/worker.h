#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "server/protocol.h"
#include "server/server.h"

namespace stator::server {

class Connection;

/// What the workers of a server count together.
struct Totals {
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> buffered_bytes{0};
};

using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One I/O context with its thread's connections and buffers. Everything but `adopt`, `begin_drain` and `load` belongs
/// to the thread that runs it.
class Worker {
 public:
  Worker(endpoint::Endpoint& endpoint, const Authenticator& authenticator, const Options& options, Totals& totals);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs until the drain that `begin_drain` begins is over.
  void run();
  /// Serves this socket, which belongs to `context`, from now on.
  void adopt(boost::asio::ip::tcp::socket socket);
  void begin_drain();
  /// Connections it has or was promised.
  [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }

  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  [[nodiscard]] Protocol& protocol() { return protocol_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] static std::int64_t now_ms();
  /// Asks for input memory of the server's; false when it has none left.
  bool take_memory(std::size_t bytes);
  void give_memory(std::size_t bytes);

  void add(Connection& connection);
  /// A connection has closed.
  void forget();

 private:
  void sweep();
  void schedule_sweep();
  void stop_if_drained();

  const Options& options_;
  Totals& totals_;
  Protocol protocol_;
  std::atomic<std::size_t> load_{0};
  bool draining_ = false;
  std::int64_t drain_deadline_ms_ = 0;
  boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>,
                         boost::intrusive::constant_time_size<false>>
      connections_;
  // After the list: handlers that die with the context own connections, which unlink themselves.
  boost::asio::io_context context_;
  boost::asio::steady_timer sweep_timer_;
};

}  // namespace stator::server
