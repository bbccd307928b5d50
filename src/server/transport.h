#pragma once

#include <sys/uio.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace stator::server {

/// The bytes of one connection, in and out. Nothing here blocks: an operation that cannot be done now returns what to
/// wait for, and is to be tried again after that. Not safe to use from several threads at once.
class Transport {
 public:
  enum class Status : std::uint8_t {
    kDone,          // `bytes` were moved, at least one
    kWaitReadable,  // wait for the socket to be readable, then try again
    kWaitWritable,  // wait for the socket to be writable, then try again
    kEnd,           // reading only: the other side sends no more
    kFailed,        // the connection is gone
  };
  struct Result {
    Status status;
    std::size_t bytes = 0;
  };

  explicit Transport(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual Result read(char* into, std::size_t size) = 0;
  /// At most IOV_MAX pieces, none of them empty.
  virtual Result write(std::span<const iovec> pieces) = 0;
  /// Whether `read` has bytes that were taken from the socket already, so that waiting for the socket could be in vain.
  [[nodiscard]] virtual bool has_buffered_input() const { return false; }
  /// False during a handshake.
  [[nodiscard]] virtual bool is_established() const { return true; }
  /// Tells the other side that nothing more will be sent to it; it may still send.
  virtual void end_output() = 0;

  /// `handler(error_code)` is called by the socket's I/O context.
  template <typename Handler>
  void async_wait(boost::asio::ip::tcp::socket::wait_type what, Handler&& handler) {
    socket_.async_wait(what, std::forward<Handler>(handler));
  }
  /// Pending waits end with operation_aborted.
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 protected:
  boost::asio::ip::tcp::socket socket_;
};

/// Plain TCP.
class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(boost::asio::ip::tcp::socket socket);

  Result read(char* into, std::size_t size) override;
  Result write(std::span<const iovec> pieces) override;
  void end_output() override;
};

}  // namespace stator::server
