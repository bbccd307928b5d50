#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "endpoint/endpoint.h"
#include "server/buffer.h"
#include "server/chunked.h"
#include "server/event_loop.h"
#include "server/memory_budget.h"
#include "server/reply_buffer.h"
#include "server/transport.h"

namespace stator::server {

/// One client's connection: reads, answers every whole request it has, writes, reads again. Never reads while it owes
/// replies, so what one client can pile up here is bounded.
///
/// It is owned by what it waits for: `waiting_` for its socket, the loop's queues for its turn, the running call.
/// `Self` is handed from function to function. So while a call runs outside the event loop, nothing in the loop owns
/// it, and the loop only takes note of its socket's events.
class Connection : public std::enable_shared_from_this<Connection>, public ConnectionHook {
 public:
  using Self = std::shared_ptr<Connection>;

  Connection(EventLoop& loop, std::unique_ptr<Transport> transport);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  static void start(Self self);
  /// The socket's readiness changed; `events` as epoll reports them.
  void on_events(std::uint32_t events);
  /// Closes the connection if it overran a timeout.
  void check_timeouts(std::int64_t now_ms);
  /// The server stops: closes now if nothing is in flight, else after the reply.
  void drain();
  /// Closes it now, or when its call is done.
  void close();
  /// The loop ends: what waits for its socket is destroyed.
  void abandon();

 private:
  enum class Wanted : std::uint8_t { kInput, kOutput };
  enum class State : std::uint8_t { kIdle, kReceiving, kCalling, kWriting, kLingering, kClosed };
  enum class Step : std::uint8_t {
    kNeedMore,
    kAnswered,
    kLast,
    kElsewhere,  // the call went to another thread, and the connection with it
  };

  // Input.
  void read(Self self);
  void on_ready(Self self);
  void on_readable(Self self);
  bool make_room();
  /// Goes on with `on_ready` when the socket is ready.
  void wait(Wanted what, Self self);
  [[nodiscard]] bool is_ready(Wanted what) const;
  /// Reads again after others had their turn.
  void try_again_soon(Self self);

  // Requests.
  /// Answers the requests in the buffer.
  void process(Self self);
  /// Answers the next request in the buffer, if it is whole.
  Step step(Self& self);
  Step step_chunked(Self& self, const RequestHead& head);
  void send_continue(const RequestHead& head);
  Step refuse(unsigned status);

  // Calls.
  struct Call;
  Step answer(Self& self, const RequestHead& head, std::string_view body, std::size_t used);
  [[nodiscard]] bool reserve_reply(endpoint::Effort effort, std::size_t used);
  /// Whether the call runs on the loop's thread, which is taken over if it takes long.
  [[nodiscard]] bool runs_here(endpoint::Effort effort);
  /// Runs the call on a thread of the pool.
  static void submit(Self self, Call call);
  void run(Call& call, Protocol& protocol) noexcept;
  static void return_to_loop(Self self, const Call& call) noexcept;
  void on_returned(Self self, const Call& call);
  /// Waits until the reply is due (ReplyNotes), then goes on. Called on the loop's thread.
  static void hold(Self self, Call call);
  Step finish(const Call& call);

  // Output.
  void write(Self self);
  void on_written(Self self);
  void count_progress(std::size_t sent);
  /// Closes once the client has read what was sent: closing with unread input makes the kernel reset the connection,
  /// and the reply is lost.
  void linger(Self self);
  void discard(Self self);
  void time_out_request();

  void release_input();
  void release_replies();
  /// Frees memory that is kept for later requests; `idle_ms`: the time since the last request.
  void trim(std::int64_t idle_ms);
  void settle_memory() { memory_.set(input_.capacity() + replies_.capacity()); }

  EventLoop& loop_;
  std::unique_ptr<Transport> transport_;
  State state_ = State::kIdle;
  Wanted wanted_ = Wanted::kInput;
  bool last_ = false;     // close after what is being written
  bool refused_ = false;  // the input cannot be parsed any further; discard it
  bool close_after_call_ = false;
  bool http_1_0_ = false;  // of the head read last
  bool continue_sent_ = false;
  std::int64_t since_ms_ = 0;          // idle, or the last progress in writing
  std::int64_t request_since_ms_ = 0;  // the first byte of the request that is arriving
  std::size_t progress_bytes_ = 0;     // written since `since_ms_`
  std::size_t missing_bytes_ = 0;
  std::size_t discarded_bytes_ = 0;
  std::optional<ChunkedDecoder> chunked_;
  MemoryCharge memory_;
  Buffer input_;
  ReplyBuffer replies_;
  std::size_t segment_ = 0;  // first one not yet sent whole
  Self waiting_;             // itself, while it waits for its socket
  Self kept_;                // itself, while a call's result is on its way to the loop
};

}  // namespace stator::server
