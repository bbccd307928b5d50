#include "server/connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace stator::server {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBytes = 4 * 1024;           // least room for a read
constexpr std::size_t kMaxReadAheadBytes = 64 * 1024;  // least growth while a large body arrives
constexpr std::size_t kKeptInputBytes = 256 * 1024;    // a larger block is given back after its request
constexpr std::size_t kKeptReplyBytes = 4 * 1024 * 1024;
constexpr std::size_t kIdleReplyBytes = 64 * 1024;
constexpr std::int64_t kIdleReplyMs = 5'000;     // then a reply buffer above kIdleReplyBytes is given back
constexpr std::size_t kFlushBytes = 256 * 1024;  // pipelined replies are sent when they come to this
constexpr std::size_t kMaxPipelined = 64;        // requests answered before others get their turn
constexpr std::int64_t kLingerMs = 5'000;
constexpr std::size_t kMaxDiscardedBytes = 256 * 1024 * 1024;

}  // namespace

Connection::Connection(Worker& worker, asio::ip::tcp::socket socket)
    : worker_(worker), socket_(std::move(socket)), since_ms_(Worker::now_ms()) {
  worker_.add(*this);
}

Connection::~Connection() { close(); }

void Connection::start() {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  read();
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  worker_.give_memory(input_.capacity());
  worker_.forget();
}

void Connection::release_input() {
  worker_.give_memory(input_.capacity());
  input_.release();
}

bool Connection::make_room() {
  const std::size_t wanted =
      missing_bytes_ == 0 ? kReadBytes : std::min(missing_bytes_, std::max(kMaxReadAheadBytes, input_.size()));
  if (input_.tail_size() >= wanted) return true;
  const std::size_t before = input_.capacity();
  const std::size_t after = input_.capacity_for(wanted);
  if (!worker_.take_memory(after - before)) return false;
  input_.reserve(wanted);
  return true;
}

void Connection::read() {
  if (input_.empty()) {
    state_ = State::kIdle;
    if (input_.capacity() > kKeptInputBytes) release_input();
  } else {
    state_ = State::kReceiving;
  }
  if (!make_room()) {
    refuse(503);
    write();
    return;
  }
  socket_.async_read_some(asio::buffer(input_.tail(), input_.tail_size()),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
                            self->on_read(error, count);
                          });
}

void Connection::on_read(const boost::system::error_code& error, std::size_t count) {
  if (state_ == State::kClosed) return;
  if (error) {
    // The client is gone, or sends no more: every whole request it sent was answered before this read.
    close();
    return;
  }
  if (input_.empty()) since_ms_ = Worker::now_ms();
  input_.commit(count);
  process();
}

void Connection::process() {
  if (state_ == State::kClosed) return;
  bool more = false;
  for (std::size_t answered = 0;; ++answered) {
    if (answered == kMaxPipelined || replies_.size() >= kFlushBytes) {
      more = true;
      break;
    }
    if (step() != Step::kAnswered) break;
  }
  if (!replies_.empty()) {
    write();
  } else if (more) {
    asio::post(worker_.context(), [self = shared_from_this()] { self->process(); });
  } else {
    read();
  }
}

Connection::Step Connection::step() {
  if (input_.empty()) return Step::kNeedMore;
  RequestHead head;
  switch (parse_head(input_.view(), worker_.options().max_header_bytes, head)) {
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
  if (head.chunked) return step_chunked(head);
  const std::uint64_t length = head.content_length.value_or(0);
  if (length > worker_.options().max_body_bytes) return refuse(413);
  const std::size_t whole = head.size_bytes + static_cast<std::size_t>(length);
  if (input_.size() < whole) {
    promise_body(head);
    missing_bytes_ = whole - input_.size();
    return Step::kNeedMore;
  }
  return answer(head, input_.view().substr(head.size_bytes, static_cast<std::size_t>(length)), whole);
}

Connection::Step Connection::step_chunked(const RequestHead& head) {
  if (!chunked_) chunked_.emplace(worker_.options().max_body_bytes);
  char* const body = input_.data() + head.size_bytes;
  std::size_t used = 0;
  switch (chunked_->decode(body, input_.size() - head.size_bytes, used)) {
    case ChunkedDecoder::Status::kMalformed:
      return refuse(400);
    case ChunkedDecoder::Status::kTooLarge:
      return refuse(413);
    case ChunkedDecoder::Status::kIncomplete:
      promise_body(head);
      input_.truncate(head.size_bytes + chunked_->decoded());
      missing_bytes_ = kMaxReadAheadBytes;
      return Step::kNeedMore;
    case ChunkedDecoder::Status::kComplete:
      break;
  }
  return answer(head, {body, chunked_->decoded()}, head.size_bytes + used);
}

void Connection::promise_body(const RequestHead& head) {
  if (!head.expect_continue || continue_sent_) return;
  continue_sent_ = true;
  if (input_.size() == head.size_bytes) replies_.append("HTTP/1.1 100 Continue\r\n\r\n");
}

Connection::Step Connection::answer(const RequestHead& head, std::string_view body, std::size_t used) {
  const bool last = !head.keep_alive || worker_.draining();
  const auto body_end = static_cast<std::size_t>(body.data() - input_.data()) + body.size();
  worker_.protocol().answer(head, body, input_.readable_after(body_end), last, replies_);
  input_.consume(used);
  chunked_.reset();
  continue_sent_ = false;
  missing_bytes_ = 0;
  since_ms_ = Worker::now_ms();
  if (!last) return Step::kAnswered;
  last_ = true;
  return Step::kLast;
}

Connection::Step Connection::refuse(unsigned status) {
  last_ = true;
  refused_ = true;
  worker_.protocol().refuse(status, http_1_0_, replies_);
  return Step::kLast;
}

void Connection::write() {
  if (state_ != State::kWriting) {
    state_ = State::kWriting;
    since_ms_ = Worker::now_ms();
  }
  auto& segments = replies_.segments();
  while (segment_ < segments.size()) {
    std::array<iovec, 16> pieces;
    const std::size_t count = std::min(pieces.size(), segments.size() - segment_);
    for (std::size_t i = 0; i < count; ++i) {
      const ReplyBuffer::Segment& segment = segments[segment_ + i];
      pieces[i] = {const_cast<char*>(replies_.data()) + segment.begin, segment.end - segment.begin};
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      socket_.async_wait(asio::ip::tcp::socket::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (self->state_ == State::kClosed) return;
                           if (error) return self->close();
                           self->write();
                         });
      return;
    }
    if (sent < 0) return close();
    since_ms_ = Worker::now_ms();
    auto left = static_cast<std::size_t>(sent);
    while (left > 0) {
      ReplyBuffer::Segment& segment = segments[segment_];
      const std::size_t taken = std::min(left, segment.end - segment.begin);
      segment.begin += taken;
      left -= taken;
      if (segment.begin == segment.end) ++segment_;
    }
  }
  on_written();
}

void Connection::on_written() {
  segment_ = 0;
  if (replies_.capacity() > kKeptReplyBytes) {
    replies_.release();
  } else {
    replies_.clear();
  }
  if (last_) {
    if (refused_ || !input_.empty()) {
      linger();
    } else {
      boost::system::error_code ignored;
      socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      close();
    }
    return;
  }
  since_ms_ = Worker::now_ms();
  if (!input_.empty() && missing_bytes_ == 0) {
    // More was sent along; let other connections have their turn first.
    state_ = State::kReceiving;
    asio::post(worker_.context(), [self = shared_from_this()] { self->process(); });
    return;
  }
  read();
}

void Connection::linger() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  state_ = State::kLingering;
  since_ms_ = Worker::now_ms();
  missing_bytes_ = 0;
  discard();
}

void Connection::discard() {
  input_.clear();
  if (!make_room()) return close();
  socket_.async_read_some(asio::buffer(input_.tail(), input_.tail_size()),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
                            if (self->state_ == State::kClosed) return;
                            self->discarded_bytes_ += count;
                            if (error || self->discarded_bytes_ > kMaxDiscardedBytes) return self->close();
                            self->discard();
                          });
}

void Connection::check_timeouts(std::int64_t now_ms) {
  const Options& options = worker_.options();
  const std::int64_t waited = now_ms - since_ms_;
  switch (state_) {
    case State::kIdle:
      if (waited > options.idle_timeout_ms) return close();
      if (waited > kIdleReplyMs && replies_.capacity() > kIdleReplyBytes) replies_.release();
      break;
    case State::kReceiving:
      if (waited > options.request_timeout_ms) {
        // One attempt to say why; a client this slow is not waited for again.
        worker_.protocol().refuse(408, http_1_0_, replies_);
        const ReplyBuffer::Segment segment = replies_.segments().back();
        [[maybe_unused]] const ssize_t sent = ::send(socket_.native_handle(), replies_.data() + segment.begin,
                                                     segment.end - segment.begin, MSG_NOSIGNAL | MSG_DONTWAIT);
        boost::system::error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        close();
      }
      break;
    case State::kWriting:
      if (waited > options.write_timeout_ms) close();
      break;
    case State::kLingering:
      if (waited > kLingerMs) close();
      break;
    case State::kClosed:
      break;
  }
}

void Connection::drain() {
  if (state_ != State::kIdle) return;
  // A request may have arrived that was not read yet: then the pending read will answer it.
  char byte = 0;
  if (::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) return;
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  close();
}

}  // namespace stator::server
