#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "core/descriptor.h"

namespace stator::server {

/// The bytes of one connection, in and out. Never blocks: an operation that cannot be done at once returns what to wait
/// for before it is tried again. Not safe to use from several threads at once.
///
/// Knows whether the socket is ready from the event loop's reports (edges: each change is reported once) and from the
/// results of its own calls.
class Transport {
 public:
  enum class Status : std::uint8_t {
    kDone,          // at least one byte was moved: `bytes`
    kWaitReadable,  // wait for the socket to be readable, then try again
    kWaitWritable,  // wait for the socket to be writable, then try again
    kEnd,           // reading only: the other side sends no more
    kFailed,        // the connection is gone
  };
  struct Result {
    Status status;
    std::size_t bytes = 0;
  };

  /// `socket` is non-blocking.
  explicit Transport(core::Descriptor socket);
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual Result read(char* into, std::size_t size) = 0;
  /// At most IOV_MAX pieces, none of them empty.
  virtual Result write(std::span<const iovec> pieces) = 0;
  /// Whether `read` may return something without waiting for the socket.
  [[nodiscard]] virtual bool has_input() const { return readable_; }
  /// False during a handshake.
  [[nodiscard]] virtual bool is_established() const { return true; }
  /// Tells the other side that nothing more will be sent to it; it may still send.
  virtual void end_output() = 0;

  [[nodiscard]] int descriptor() const { return socket_.number(); }
  /// Takes note of the events that epoll reported.
  void on_events(std::uint32_t events);
  /// Whether the socket is ready, as far as is known, so that waiting for it would be in vain.
  [[nodiscard]] bool readable() const { return readable_; }
  [[nodiscard]] bool writable() const { return writable_; }
  void close() { socket_.close(); }

 protected:
  /// Call recv and sendmsg; return -1 with errno if they fail, never with EINTR.
  ssize_t receive(char* into, std::size_t size);
  ssize_t send(std::span<const iovec> pieces);
  /// Whether errno says that the socket is not ready.
  static bool would_block();
  void shut_down_output();

 private:
  core::Descriptor socket_;
  bool readable_ = false;
  bool writable_ = true;
  /// The other side sends no more, or the connection failed: no further event will report that.
  bool peer_ended_ = false;
};

/// Plain TCP.
class PlainTransport final : public Transport {
 public:
  using Transport::Transport;

  Result read(char* into, std::size_t size) override;
  Result write(std::span<const iovec> pieces) override;
  void end_output() override;
};

}  // namespace stator::server
