#include "server/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace stator::server {

Transport::Transport(core::Descriptor socket) : socket_(std::move(socket)) {
  const int on = 1;
  ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Transport::on_events(std::uint32_t events) {
  const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (failed || (events & EPOLLRDHUP) != 0) peer_ended_ = true;
  if (peer_ended_ || (events & EPOLLIN) != 0) readable_ = true;
  if (failed || (events & EPOLLOUT) != 0) writable_ = true;
}

bool Transport::would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

ssize_t Transport::receive(char* into, std::size_t size) {
  ssize_t received = 0;
  do {
    received = ::recv(socket_.number(), into, size, MSG_DONTWAIT);
  } while (received < 0 && errno == EINTR);
  // A short read means that there was nothing more (epoll(7)), so no further call is needed to find that out.
  const bool emptied = received > 0 && static_cast<std::size_t>(received) < size && !peer_ended_;
  if (emptied || (received < 0 && would_block())) readable_ = false;
  return received;
}

ssize_t Transport::send(std::span<const iovec> pieces) {
  msghdr message{};
  // sendmsg does not write to the pieces; its interface is not const-correct.
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket_.number(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && would_block()) writable_ = false;
  return sent;
}

void Transport::shut_down_output() { ::shutdown(socket_.number(), SHUT_WR); }

Transport::Result PlainTransport::read(char* into, std::size_t size) {
  const ssize_t received = receive(into, size);
  if (received > 0) return {Status::kDone, static_cast<std::size_t>(received)};
  if (received == 0) return {Status::kEnd};
  return {would_block() ? Status::kWaitReadable : Status::kFailed};
}

Transport::Result PlainTransport::write(std::span<const iovec> pieces) {
  const ssize_t sent = send(pieces);
  if (sent >= 0) return {Status::kDone, static_cast<std::size_t>(sent)};
  return {would_block() ? Status::kWaitWritable : Status::kFailed};
}

void PlainTransport::end_output() { shut_down_output(); }

}  // namespace stator::server
