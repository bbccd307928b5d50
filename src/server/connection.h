#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "server/buffer.h"
#include "server/chunked.h"
#include "server/reply_buffer.h"
#include "server/worker.h"

namespace stator::server {

/// One client's connection: reads, answers every whole request it has, writes, reads again. Never reads while it owes
/// replies, so what one client can pile up here is bounded. Kept alive by its pending handler.
class Connection : public std::enable_shared_from_this<Connection>, public ConnectionHook {
 public:
  Connection(Worker& worker, boost::asio::ip::tcp::socket socket);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// Closes the connection if it overran a timeout.
  void check_timeouts(std::int64_t now_ms);
  /// The server stops: closes now if nothing is in flight, else after the reply.
  void drain();
  void close();

 private:
  enum class State : std::uint8_t { kIdle, kReceiving, kWriting, kLingering, kClosed };
  enum class Step : std::uint8_t { kNeedMore, kAnswered, kLast };

  void read();
  void on_read(const boost::system::error_code& error, std::size_t count);
  /// Answers what is buffered.
  void process();
  /// Answers the next request in the buffer, if it is whole.
  Step step();
  Step step_chunked(const RequestHead& head);
  Step answer(const RequestHead& head, std::string_view body, std::size_t used);
  void promise_body(const RequestHead& head);
  Step refuse(unsigned status);
  bool make_room();
  void write();
  void on_written();
  /// Closes once the client has read what was sent: closing with unread input makes the kernel reset the connection,
  /// and the reply is lost.
  void linger();
  void discard();
  void release_input();

  Worker& worker_;
  boost::asio::ip::tcp::socket socket_;
  State state_ = State::kIdle;
  bool last_ = false;      // close after what is being written
  bool refused_ = false;   // input is out of step; discard the rest
  bool http_1_0_ = false;  // of the head read last
  bool continue_sent_ = false;
  std::int64_t since_ms_ = 0;  // idle, of the request's first byte, of the last progress in writing
  std::size_t missing_bytes_ = 0;
  std::size_t discarded_bytes_ = 0;
  std::optional<ChunkedDecoder> chunked_;
  Buffer input_;
  ReplyBuffer replies_;
  std::size_t segment_ = 0;  // first one not yet sent whole
};

}  // namespace stator::server
