#include "server/transport.h"

#include <sys/socket.h>

#include <cerrno>

namespace stator::server {
namespace {

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

PlainTransport::PlainTransport(boost::asio::ip::tcp::socket socket) : Transport(std::move(socket)) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

Transport::Result PlainTransport::read(char* into, std::size_t size) {
  while (true) {
    const ssize_t received = ::recv(socket_.native_handle(), into, size, MSG_DONTWAIT);
    if (received > 0) return {Status::kDone, static_cast<std::size_t>(received)};
    if (received == 0) return {Status::kEnd};
    if (errno == EINTR) continue;
    return {would_block() ? Status::kWaitReadable : Status::kFailed};
  }
}

Transport::Result PlainTransport::write(std::span<const iovec> pieces) {
  msghdr message{};
  // sendmsg does not write to the pieces; its interface is not const-correct.
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  while (true) {
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return {Status::kDone, static_cast<std::size_t>(sent)};
    if (errno == EINTR) continue;
    return {would_block() ? Status::kWaitWritable : Status::kFailed};
  }
}

void PlainTransport::end_output() {
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace stator::server
