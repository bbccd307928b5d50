#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "server/event_loop.h"

namespace stator::server {

/// Sent to clients beyond the limit of connections.
inline constexpr std::string_view kFullReply =
    "HTTP/1.1 503 Service Unavailable\r\nServer: Stator\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// "127.0.0.1:8000", "[::1]:8000".
std::string address_text(const std::string& host, std::uint16_t port);

/// The listening socket. Runs on a context whose thread does nothing slow.
class Listener {
 public:
  /// Chooses the loop that serves the next connection.
  using Choose = std::function<EventLoop&()>;
  using Accepted = std::function<void(EventLoop&, core::Descriptor socket)>;

  /// Binds and listens. Throws std::runtime_error with one line for the user.
  Listener(boost::asio::io_context& context, const std::string& host, std::uint16_t port, Choose choose,
           Accepted accepted);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] boost::asio::ip::tcp::endpoint address() const { return address_; }
  void start();
  /// Accepts the connections that the kernel has already established, which would otherwise be reset, and closes.
  void stop();
  /// Number of clients rejected for lack of descriptors. From any thread.
  [[nodiscard]] std::size_t rejected() const { return rejected_.load(std::memory_order_relaxed); }

 private:
  void wait();
  void wait_a_while();
  /// Returns false if accepting failed and must be retried after a pause.
  bool accept_all();
  enum class Rejected : std::uint8_t { kOne, kNobody, kFailed };
  Rejected reject_one();
  void warn(const boost::system::error_code& error);

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint address_;
  boost::asio::steady_timer back_off_;
  Choose choose_;
  Accepted accepted_;
  /// A spare descriptor: when there are no others, it is closed to accept and reject a client.
  int reserve_ = -1;
  std::chrono::steady_clock::time_point warned_{};
  std::atomic<std::size_t> rejected_{0};
};

}  // namespace stator::server
