#include "server/connection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <thread>
#include <utility>

namespace stator::server {
namespace {

constexpr std::size_t kReadBytes = 4 * 1024;           // least free space for a read
constexpr std::size_t kMaxReadAheadBytes = 64 * 1024;  // least growth while a large body arrives
constexpr std::size_t kGrowthPart = 4;                 // a large block grows by this part of its content
constexpr std::size_t kKeptInputBytes = 256 * 1024;    // a larger block is freed after its request
constexpr std::size_t kKeptReplyBytes = 4 * 1024 * 1024;
constexpr std::size_t kIdleReplyBytes = 16 * 1024;
constexpr std::int64_t kIdleBufferMs = 5'000;              // after this, buffers are freed
constexpr std::size_t kFlushBytes = 256 * 1024;            // pipelined replies are sent once they reach this size
constexpr std::size_t kMaxPipelined = 64;                  // requests answered before other connections get their turn
constexpr std::size_t kPageReplyBytes = 16 * 1024 * 1024;  // expected size of the reply to a page or batch,
constexpr std::size_t kPageReplyPart = 16;                 // or this part of the budget, if that is less
constexpr std::size_t kLeastProgressBytes = 16 * 1024;     // expected within the time a client has to read its reply
constexpr std::int64_t kPressedWriteTimeoutMs = 2'000;     // that time when memory is short
constexpr std::int64_t kLingerMs = 5'000;
constexpr std::size_t kMaxDiscardedBytes = 256 * 1024 * 1024;

}  // namespace

Connection::Connection(EventLoop& loop, std::unique_ptr<Transport> transport)
    : loop_(loop), transport_(std::move(transport)), since_ms_(loop.now_ms()), memory_(loop.budget()) {
  loop_.on_connection_opened(*this, transport_->descriptor());
}

Connection::~Connection() {
  if (state_ == State::kCalling) state_ = State::kReceiving;  // an exception ended the call before it began
  close();
}

void Connection::start(Self self) {
  Connection& connection = *self;
  connection.read(std::move(self));
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kCalling) {
    close_after_call_ = true;
    return;
  }
  state_ = State::kClosed;
  loop_.on_connection_closed(*this, transport_->descriptor());
  transport_->close();
  input_.release();
  replies_.release();
  settle_memory();
  // The caller also owns a connection that waits, so this does not destroy it.
  waiting_.reset();
}

void Connection::abandon() {
  // The connection is destroyed here if nothing else owns it.
  const Self self = std::move(waiting_);
}

void Connection::release_input() {
  input_.release();
  settle_memory();
}

void Connection::release_replies() {
  replies_.release();
  settle_memory();
}

void Connection::trim(std::int64_t idle_ms) {
  const bool pressed = loop_.budget().under_pressure();
  const bool idle = pressed || idle_ms > kIdleBufferMs;
  if (input_.empty() && input_.capacity() > (idle ? 0 : kKeptInputBytes)) release_input();
  if (replies_.empty() && replies_.capacity() > (idle ? kIdleReplyBytes : kKeptReplyBytes)) release_replies();
}

bool Connection::make_room() {
  std::size_t wanted = kReadBytes;
  if (missing_bytes_ != 0) {
    wanted = std::min(missing_bytes_, std::max(kMaxReadAheadBytes, input_.size() / kGrowthPart));
  }
  if (input_.tail_size() >= wanted) return true;
  const std::size_t held = memory_.bytes() - input_.capacity() + input_.capacity_for(wanted);
  const BudgetPart part =
      input_.size() + missing_bytes_ <= kSmallRequestBytes ? BudgetPart::kSmall : BudgetPart::kShared;
  if (!memory_.grow_to(held, part)) return false;
  input_.reserve(wanted);
  return true;
}

bool Connection::is_ready(Wanted what) const {
  return what == Wanted::kInput ? transport_->readable() : transport_->writable();
}

void Connection::wait(Wanted what, Self self) {
  if (is_ready(what)) return try_again_soon(std::move(self));
  wanted_ = what;
  waiting_ = std::move(self);
}

void Connection::on_events(std::uint32_t events) {
  transport_->on_events(events);
  if (waiting_ != nullptr && is_ready(wanted_)) on_ready(std::move(waiting_));
}

void Connection::try_again_soon(Self self) { loop_.run_later(std::move(self), &Connection::on_ready); }

void Connection::on_ready(Self self) {
  switch (state_) {
    case State::kIdle:
    case State::kReceiving:
    case State::kLingering:
      return on_readable(std::move(self));
    case State::kWriting:
      return write(std::move(self));
    case State::kCalling:
    case State::kClosed:
      return;
  }
}

void Connection::read(Self self) {
  if (input_.empty()) {
    state_ = State::kIdle;
    trim(0);
  } else {
    state_ = State::kReceiving;
  }
  if (transport_->has_input()) {
    // Let other connections have their turn first.
    return try_again_soon(std::move(self));
  }
  if (state_ == State::kIdle && loop_.draining()) {
    transport_->end_output();
    return close();
  }
  wait(Wanted::kInput, std::move(self));
}

void Connection::on_readable(Self self) {
  if (state_ == State::kLingering) return discard(std::move(self));
  if (!make_room()) {
    refuse(503);
    return write(std::move(self));
  }
  const Transport::Result result = transport_->read(input_.tail(), input_.tail_size());
  switch (result.status) {
    case Transport::Status::kDone:
      if (input_.empty()) request_since_ms_ = loop_.now_ms();
      input_.commit(result.bytes);
      return process(std::move(self));
    case Transport::Status::kWaitReadable:
      return read(std::move(self));
    case Transport::Status::kWaitWritable:
      return wait(Wanted::kOutput, std::move(self));
    case Transport::Status::kEnd:
    case Transport::Status::kFailed:
      // The client is gone, or sends no more: all complete requests were answered before this read.
      return close();
  }
}

void Connection::process(Self self) {
  if (state_ == State::kClosed) return;
  bool more = false;
  for (std::size_t answered = 0;; ++answered) {
    if (answered == kMaxPipelined || replies_.size() >= kFlushBytes) {
      more = true;
      break;
    }
    const Step result = step(self);
    if (result == Step::kElsewhere) return;
    if (result != Step::kAnswered) break;
  }
  if (!replies_.empty()) {
    write(std::move(self));
  } else if (more) {
    loop_.run_later(std::move(self), &Connection::process);
  } else if (state_ != State::kClosed) {
    read(std::move(self));
  }
}

Connection::Step Connection::step(Self& self) {
  if (state_ == State::kClosed || input_.empty()) return Step::kNeedMore;
  RequestHead head;
  switch (parse_head(input_.view(), loop_.options().max_header_bytes, head)) {
    case HeadStatus::kComplete:
      break;
    case HeadStatus::kIncomplete:
      return Step::kNeedMore;
    case HeadStatus::kMalformed:
    case HeadStatus::kTooLarge:
      return refuse(400);
    case HeadStatus::kExpectationFailed:
      return refuse(417);
    case HeadStatus::kNotImplemented:
      return refuse(501);
    case HeadStatus::kVersionNotSupported:
      return refuse(505);
  }
  http_1_0_ = head.http_1_0;
  if (head.chunked) return step_chunked(self, head);
  const std::uint64_t length = head.content_length.value_or(0);
  if (length > loop_.options().max_body_bytes) return refuse(413);
  const std::size_t whole = head.size_bytes + static_cast<std::size_t>(length);
  if (input_.size() < whole) {
    send_continue(head);
    missing_bytes_ = whole - input_.size();
    return Step::kNeedMore;
  }
  return answer(self, head, input_.view().substr(head.size_bytes, static_cast<std::size_t>(length)), whole);
}

Connection::Step Connection::step_chunked(Self& self, const RequestHead& head) {
  if (!chunked_) chunked_.emplace(loop_.options().max_body_bytes);
  char* const body = input_.data() + head.size_bytes;
  std::size_t used = 0;
  switch (chunked_->decode(body, input_.size() - head.size_bytes, used)) {
    case ChunkedDecoder::Status::kMalformed:
      return refuse(400);
    case ChunkedDecoder::Status::kTooLarge:
      return refuse(413);
    case ChunkedDecoder::Status::kIncomplete:
      send_continue(head);
      input_.truncate(head.size_bytes + chunked_->decoded());
      missing_bytes_ = std::max(kReadBytes, input_.size());  // the size is unknown, so make room for as much again
      return Step::kNeedMore;
    case ChunkedDecoder::Status::kComplete:
      break;
  }
  return answer(self, head, {body, chunked_->decoded()}, head.size_bytes + used);
}

void Connection::send_continue(const RequestHead& head) {
  if (!head.expect_continue || continue_sent_) return;
  continue_sent_ = true;
  if (input_.size() == head.size_bytes) replies_.append("HTTP/1.1 100 Continue\r\n\r\n");
}

bool Connection::reserve_reply(endpoint::Effort effort, std::size_t used) {
  MemoryBudget& budget = loop_.budget();
  if (effort == endpoint::Effort::kPage) {
    // The real size is charged when the call is done.
    const std::size_t expected = std::min(kPageReplyBytes, budget.limit(BudgetPart::kShared) / kPageReplyPart);
    return memory_.grow_to(memory_.bytes() + expected, BudgetPart::kShared);
  }
  return budget.has_room(used <= kSmallRequestBytes ? BudgetPart::kSmall : BudgetPart::kShared);
}

bool Connection::runs_here(endpoint::Effort effort) {
  const ThreadPool& pool = loop_.pool();
  switch (effort) {
    case endpoint::Effort::kItem:
    case endpoint::Effort::kMayWait:
      return pool.running() < pool.limits().item_calls;
    case endpoint::Effort::kPage:
      return pool.running() < pool.limits().calls;
    case endpoint::Effort::kWaits:
      return false;
  }
  return false;
}

Connection::Step Connection::answer(Self& self, const RequestHead& head, std::string_view body, std::size_t used) {
  const auto body_end = static_cast<std::size_t>(body.data() - input_.data()) + body.size();
  const endpoint::Request::Time deadline(
      std::chrono::milliseconds(request_since_ms_ + loop_.options().call_timeout_ms));
  Call call{.request = {.head = head,
                        .body = {body, input_.readable_after(body_end)},
                        .times = {.arrived = loop_.turn_began(), .deadline = deadline}},
            .used = used,
            .effort = loop_.protocol().effort(head),
            .last = !head.keep_alive || loop_.draining()};
  state_ = State::kCalling;
  if (call.effort == endpoint::Effort::kWaits && loop_.protocol().can_join_write_group(head)) {
    call.waited = true;
    deferred_call_ = call;
    loop_.defer_to_group(std::move(self));
    return Step::kElsewhere;
  }
  call.must_not_wait = call.effort == endpoint::Effort::kMayWait;
  if (call.effort && !runs_here(*call.effort)) {
    submit(std::move(self), call);
    return Step::kElsewhere;
  }
  Protocol& protocol = loop_.protocol();
  const std::uint64_t number = loop_.begin_call();
  run(call, protocol);
  const bool taken_over = !loop_.end_call(number);
  if (call.would_wait) {
    submit(std::move(self), call);
  } else if (taken_over) {
    return_to_loop(std::move(self), call);
  } else if (call.hold.count() > 0) {
    hold(std::move(self), call);
  } else {
    return finish(call);
  }
  if (taken_over) throw TakenOver();
  return Step::kElsewhere;
}

void Connection::submit(Self self, Call call) {
  call.waited = true;
  call.must_not_wait = false;
  call.would_wait = false;
  ThreadPool& pool = self->loop_.pool();
  pool.submit([self = std::move(self), call](Protocol& of_its_thread) mutable {
    self->run(call, of_its_thread);
    return_to_loop(std::move(self), call);
  });
}

void Connection::run(Call& call, Protocol& protocol) noexcept {
  try {
    if (call.waited && std::chrono::steady_clock::now() > call.request.times.deadline) {
      protocol.refuse_call(call.request, Protocol::Shortage::kTime, call.last, replies_);
    } else if (call.effort && !reserve_reply(*call.effort, call.used)) {
      protocol.refuse_call(call.request, Protocol::Shortage::kMemory, call.last, replies_);
    } else {
      const Protocol::Outcome outcome =
          call.must_not_wait
              ? protocol.try_answer(call.request, call.last, memory_, replies_, deferred_call_ ? &answered_ : nullptr)
              : protocol.answer(call.request, call.last, memory_, replies_);
      call.would_wait = outcome == Protocol::Outcome::kWouldWait;
      call.last = call.last || outcome == Protocol::Outcome::kCloses;
      call.alone = protocol.notes().alone;
    }
    call.hold = protocol.notes().hold;
    call.failed = protocol.notes().cut;
  } catch (const std::exception& error) {
    spdlog::error("a request could not be answered: {}", error.what());
    call.failed = true;
  } catch (...) {
    spdlog::error("a request could not be answered because of something that is not an exception");
    call.failed = true;
  }
  // Done before the connection waits for the loop, since most pages are much smaller than their reservation.
  settle_memory();
}

Connection::GroupedOutcome Connection::run_in_group(const endpoint::WriteGroup& writes, Protocol& protocol,
                                                    std::optional<ReplyBuffer::Mark>& depends) noexcept {
  Call& call = *deferred_call_;
  call.must_not_wait = true;
  call.would_wait = false;
  const std::size_t before = writes.count();
  const ReplyBuffer::Mark mark = replies_.mark();
  run(call, protocol);
  if (writes.count() > before) depends = mark;
  if (!call.would_wait) return GroupedOutcome::kAnswered;
  return call.alone ? GroupedOutcome::kAlone : GroupedOutcome::kLater;
}

void Connection::end_in_group(const std::optional<ReplyBuffer::Mark>& depends, const std::exception_ptr& failure,
                              Protocol& protocol) noexcept {
  try {
    if (failure != nullptr && depends) {
      replies_.back_to(*depends);
      protocol.answer_failed(deferred_call_->request.head, failure, deferred_call_->last, replies_, answered_);
      settle_memory();
    }
    if (answered_) protocol.note(deferred_call_->request.head, *answered_);
  } catch (const std::exception& error) {
    spdlog::error("a request could not be answered: {}", error.what());
    deferred_call_->failed = true;
  }
  answered_.reset();
}

void Connection::return_to_loop(Self self, const Call& call) noexcept {
  EventLoop& loop = self->loop_;
  self->deferred_call_ = call;
  return_connections(loop, {&self, 1});
}

void Connection::return_connections(EventLoop& loop, std::span<Self> group) noexcept {
  std::array<EventLoop::Task, EventLoop::kPostedTogether> tasks;
  while (!group.empty()) {
    const std::size_t count = std::min(tasks.size(), group.size());
    for (std::size_t i = 0; i < count; ++i) {
      // Meanwhile the connection owns itself: the last reference must not be dropped on this thread.
      Connection* const connection = group[i].get();
      connection->kept_ = std::move(group[i]);
      tasks[i] = [connection] { connection->on_returned(std::move(connection->kept_)); };
    }
    while (true) {
      try {
        loop.post(std::span(tasks).first(count));
        break;
      } catch (const std::bad_alloc&) {
        // Only the loop may end a connection, so retry until other connections have freed memory.
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    group = group.subspan(count);
  }
}

void Connection::hold(Self self, Call call) {
  EventLoop& loop = self->loop_;
  const std::chrono::milliseconds pause = std::exchange(call.hold, {});
  loop.after(pause, [self = std::move(self), call]() mutable {
    Connection& connection = *self;
    connection.send_and_continue(std::move(self), call);
  });
}

void Connection::on_returned(Self self) {
  const Call call = *std::exchange(deferred_call_, std::nullopt);
  if (call.would_wait) return submit(std::move(self), call);
  if (call.hold.count() > 0) return hold(std::move(self), call);
  send_and_continue(std::move(self), call);
}

void Connection::send_and_continue(Self self, const Call& call) {
  if (finish(call) == Step::kAnswered) return process(std::move(self));
  if (state_ != State::kClosed) write(std::move(self));
}

Connection::Step Connection::finish(const Call& call) {
  assert(state_ == State::kCalling);
  state_ = State::kReceiving;
  input_.consume(call.used);
  chunked_.reset();
  continue_sent_ = false;
  missing_bytes_ = 0;
  if (close_after_call_ || call.failed) {
    close();
    return Step::kLast;
  }
  if (!input_.empty()) request_since_ms_ = loop_.now_ms();
  if (!call.last) return Step::kAnswered;
  last_ = true;
  return Step::kLast;
}

Connection::Step Connection::refuse(unsigned status) {
  last_ = true;
  refused_ = true;
  loop_.protocol().refuse(status, http_1_0_, replies_);
  return Step::kLast;
}

void Connection::write(Self self) {
  if (state_ == State::kClosed) return;
  if (state_ != State::kWriting) {
    state_ = State::kWriting;
    since_ms_ = loop_.now_ms();
    progress_bytes_ = 0;
  }
  auto& segments = replies_.segments();
  while (segment_ < segments.size()) {
    std::array<iovec, 16> pieces;
    const std::size_t count = std::min(pieces.size(), segments.size() - segment_);
    for (std::size_t i = 0; i < count; ++i) {
      const ReplyBuffer::Segment& segment = segments[segment_ + i];
      pieces[i] = {const_cast<char*>(replies_.data()) + segment.begin, segment.end - segment.begin};
    }
    const Transport::Result result = transport_->write({pieces.data(), count});
    switch (result.status) {
      case Transport::Status::kDone:
        break;
      case Transport::Status::kWaitReadable:
      case Transport::Status::kWaitWritable:
        if (input_.empty() && input_.capacity() > Buffer::kInitialCapacity) release_input();
        return wait(result.status == Transport::Status::kWaitReadable ? Wanted::kInput : Wanted::kOutput,
                    std::move(self));
      case Transport::Status::kEnd:
      case Transport::Status::kFailed:
        return close();
    }
    count_progress(result.bytes);
    std::size_t left = result.bytes;
    while (left > 0) {
      ReplyBuffer::Segment& segment = segments[segment_];
      const std::size_t taken = std::min(left, segment.end - segment.begin);
      segment.begin += taken;
      left -= taken;
      if (segment.begin == segment.end) ++segment_;
    }
  }
  on_written(std::move(self));
}

void Connection::count_progress(std::size_t sent) {
  progress_bytes_ += sent;
  if (progress_bytes_ < kLeastProgressBytes) return;
  progress_bytes_ = 0;
  since_ms_ = loop_.now_ms();
}

void Connection::on_written(Self self) {
  segment_ = 0;
  replies_.clear();
  if (last_) {
    if (refused_ || !input_.empty()) return linger(std::move(self));
    transport_->end_output();
    return close();
  }
  since_ms_ = loop_.now_ms();
  if (!input_.empty() && missing_bytes_ == 0) {
    // More requests are in the input; let other connections have their turn first.
    state_ = State::kReceiving;
    trim(0);
    loop_.run_later(std::move(self), &Connection::process);
    return;
  }
  read(std::move(self));
}

void Connection::linger(Self self) {
  transport_->end_output();
  state_ = State::kLingering;
  since_ms_ = loop_.now_ms();
  release_input();
  release_replies();
  discard(std::move(self));
}

void Connection::discard(Self self) {
  std::array<char, 16 * 1024> unwanted;
  const Transport::Result result = transport_->read(unwanted.data(), unwanted.size());
  discarded_bytes_ += result.bytes;
  switch (result.status) {
    case Transport::Status::kDone:
      if (discarded_bytes_ > kMaxDiscardedBytes) return close();
      return try_again_soon(std::move(self));
    case Transport::Status::kWaitReadable:
      return wait(Wanted::kInput, std::move(self));
    case Transport::Status::kWaitWritable:
      return wait(Wanted::kOutput, std::move(self));
    case Transport::Status::kEnd:
    case Transport::Status::kFailed:
      return close();
  }
}

void Connection::time_out_request() {
  // Sends the reason in a single attempt: for a client this slow there is no further waiting.
  loop_.protocol().refuse(408, http_1_0_, replies_);
  const ReplyBuffer::Segment segment = replies_.segments().back();
  const iovec piece{const_cast<char*>(replies_.data()) + segment.begin, segment.end - segment.begin};
  static_cast<void>(transport_->write({&piece, 1}));
  transport_->end_output();
  close();
}

void Connection::check_timeouts(std::int64_t now_ms) {
  const Options& options = loop_.options();
  const std::int64_t waited = now_ms - since_ms_;
  switch (state_) {
    case State::kIdle:
      if (waited > options.idle_timeout_ms) return close();
      if (!transport_->is_established() && waited > options.request_timeout_ms) return close();
      trim(waited);
      break;
    case State::kReceiving:
      if (now_ms - request_since_ms_ > options.request_timeout_ms) time_out_request();
      break;
    case State::kWriting: {
      std::int64_t allowed = options.write_timeout_ms;
      if (loop_.budget().under_pressure()) allowed = std::min(allowed, kPressedWriteTimeoutMs);
      if (waited > allowed) close();
      break;
    }
    case State::kLingering:
      if (waited > kLingerMs) close();
      break;
    case State::kCalling:
    case State::kClosed:
      break;
  }
}

void Connection::drain() {
  // If it does not wait, its turn is about to come.
  if (state_ != State::kIdle || waiting_ == nullptr) return;
  // A request may have arrived but not been read yet; if there is none, the read closes the connection.
  try_again_soon(std::move(waiting_));
}

}  // namespace stator::server
