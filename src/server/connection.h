#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "endpoint/endpoint.h"
#include "server/buffer.h"
#include "server/chunked.h"
#include "server/event_loop.h"
#include "server/memory_budget.h"
#include "server/reply_buffer.h"
#include "server/request_head.h"
#include "server/transport.h"

namespace stator::server {

/// One client's connection: reads, answers every whole request it has, writes, reads again. Never reads while replies
/// are unsent, so a client's use of memory is bounded.
///
/// It is owned by what it waits for: by itself (`waiting_`) while it waits for its socket, by the loop's queues while
/// it waits for its turn, or by the running call; `Self` is passed from function to function. So while a call runs
/// outside the event loop, nothing in the loop owns the connection, and the loop only notes its socket's events.
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
  /// The server stops: closes now if nothing is in flight, otherwise after the reply.
  void drain();
  /// Closes now, or when its call is done.
  void close();
  /// The loop ends: destroys the connection if it waits for its socket.
  void abandon();

  // A deferred call (EventLoop::defer_to_group), on a thread that runs several together (GroupedCalls).
  enum class GroupedOutcome : std::uint8_t {
    kAnswered,
    kLater,  // it would have to wait for a lock
    kAlone,  // it cannot be combined with others
  };
  /// Runs the call so that its writes are combined with those of others. `depends`: where its reply begins, if the
  /// reply depends on the success of writes.
  GroupedOutcome run_in_group(const endpoint::WriteGroup& writes, Protocol& protocol,
                              std::optional<ReplyBuffer::Mark>& depends) noexcept;
  /// Called when the group was stored or has failed; in that case a reply that depends on it is replaced by the error.
  void end_in_group(const std::optional<ReplyBuffer::Mark>& depends, const std::exception_ptr& failure,
                    Protocol& protocol) noexcept;
  /// Marks the call to be run alone, by the loop.
  void mark_to_run_alone() noexcept { deferred_call_->would_wait = true; }
  /// Returns the connections in `group` to their loop; empties `group`.
  static void return_connections(EventLoop& loop, std::span<Self> group) noexcept;

 private:
  enum class Wanted : std::uint8_t { kInput, kOutput };
  enum class State : std::uint8_t { kIdle, kReceiving, kCalling, kWriting, kLingering, kClosed };
  enum class Step : std::uint8_t {
    kNeedMore,
    kAnswered,
    kLast,
    kElsewhere,  // the call went to another thread, and took the connection along
  };

  // Input.
  void read(Self self);
  void on_ready(Self self);
  void on_readable(Self self);
  bool make_room();
  /// Continues with `on_ready` when the socket is ready.
  void wait(Wanted what, Self self);
  [[nodiscard]] bool is_ready(Wanted what) const;
  /// Reads again after other connections have had their turn.
  void try_again_soon(Self self);

  // Requests.
  /// Answers the requests in the buffer.
  void process(Self self);
  /// Answers the next request in the buffer, if it is complete.
  Step step(Self& self);
  Step step_chunked(Self& self, const RequestHead& head);
  void send_continue(const RequestHead& head);
  Step refuse(unsigned status);

  // Calls.
  /// One request while it is being answered. Its views point into the connection's input, which stays until then.
  struct Call {
    Protocol::Received request;
    std::size_t used;                        // input bytes of the request
    std::optional<endpoint::Effort> effort;  // empty: the request does not reach the endpoint
    bool last;                               // the connection closes after it
    bool waited = false;                     // waited for a thread of the pool
    bool must_not_wait = false;              // if the endpoint would have to wait, it must do nothing
    bool would_wait = false;                 // the endpoint did nothing, as it would have had to wait
    bool alone = false;                      // the endpoint cannot answer it in a group with others
    bool failed = false;
    std::chrono::milliseconds hold{0};  // before its reply is sent
  };
  Step answer(Self& self, const RequestHead& head, std::string_view body, std::size_t used);
  [[nodiscard]] bool reserve_reply(endpoint::Effort effort, std::size_t used);
  /// Whether the call runs on the loop's thread; the loop is taken over if the call takes long.
  [[nodiscard]] bool runs_here(endpoint::Effort effort);
  /// Runs the call on a thread of the pool.
  static void submit(Self self, Call call);
  void run(Call& call, Protocol& protocol) noexcept;
  static void return_to_loop(Self self, const Call& call) noexcept;
  void on_returned(Self self);
  /// Sends the reply and continues with the next request.
  void send_and_continue(Self self, const Call& call);
  /// Waits until the reply is due (ReplyNotes), then continues. Called on the loop's thread.
  static void hold(Self self, Call call);
  Step finish(const Call& call);

  // Output.
  void write(Self self);
  void on_written(Self self);
  void count_progress(std::size_t sent);
  /// Closes once the client has read the reply: if input is unread at closing, the kernel resets the connection and the
  /// reply is lost.
  void linger(Self self);
  void discard(Self self);
  void time_out_request();

  void release_input();
  void release_replies();
  /// Frees memory kept for later requests; `idle_ms`: time since the last request.
  void trim(std::int64_t idle_ms);
  void settle_memory() { memory_.set(input_.capacity() + replies_.capacity()); }

  EventLoop& loop_;
  std::unique_ptr<Transport> transport_;
  State state_ = State::kIdle;
  Wanted wanted_ = Wanted::kInput;
  bool last_ = false;     // close after what is being written
  bool refused_ = false;  // the input cannot be parsed any further and is discarded
  bool close_after_call_ = false;
  bool http_1_0_ = false;  // HTTP version of the last head read
  bool continue_sent_ = false;
  std::int64_t since_ms_ = 0;          // start of the idle time, or last progress in writing
  std::int64_t request_since_ms_ = 0;  // arrival of the first byte of the incoming request
  std::size_t progress_bytes_ = 0;     // written since `since_ms_`
  std::size_t missing_bytes_ = 0;
  std::size_t discarded_bytes_ = 0;
  std::optional<ChunkedDecoder> chunked_;
  MemoryCharge memory_;
  Buffer input_;
  ReplyBuffer replies_;
  std::size_t segment_ = 0;                     // first segment not yet completely sent
  Self waiting_;                                // owns itself while it waits for its socket
  Self kept_;                                   // owns itself while a call's result is on its way to the loop
  std::optional<Call> deferred_call_;           // the call, while it is not on the stack of the thread that runs it
  std::optional<Protocol::Answered> answered_;  // result of that call, until it is noted
};

}  // namespace stator::server
