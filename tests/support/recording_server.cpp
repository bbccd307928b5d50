#include "support/recording_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace stator::testing {

namespace {

int listen_on_free_port(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("no port to listen on");
  }
  port = ntohs(address.sin_port);
  return listener;
}

/// Reads one request; returns false if the connection ended.
bool read_request(int connection, std::string& buffer, RecordedRequest& request) {
  const auto more = [&] {
    char bytes[4096];
    const ssize_t count = ::recv(connection, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(count));
    return true;
  };
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return false;
  }
  request.head = buffer.substr(0, end + 4);
  buffer.erase(0, end + 4);
  const std::string length = request.field("Content-Length");
  const std::size_t body_bytes = length.empty() ? 0 : std::stoul(length);
  while (buffer.size() < body_bytes) {
    if (!more()) return false;
  }
  request.body = buffer.substr(0, body_bytes);
  buffer.erase(0, body_bytes);
  return true;
}

}  // namespace

std::string RecordedRequest::line() const { return head.substr(0, head.find("\r\n")); }

std::string RecordedRequest::field(const std::string& name) const {
  const std::string start = "\r\n" + name + ": ";
  const std::size_t at = head.find(start);
  if (at == std::string::npos) return "";
  const std::size_t value = at + start.size();
  return head.substr(value, head.find("\r\n", value) - value);
}

std::vector<std::string> RecordedRequest::field_names() const {
  std::vector<std::string> names;
  std::istringstream lines(head.substr(head.find("\r\n") + 2));
  for (std::string text; std::getline(lines, text) && text != "\r";) names.push_back(text.substr(0, text.find(':')));
  return names;
}

RecordingServer::RecordingServer(Answer answer) : answer_(std::move(answer)), listener_(listen_on_free_port(port_)) {
  acceptor_ = std::thread([this] { accept_all(); });
}

RecordingServer::~RecordingServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int connection : connections_) ::close(connection);
}

std::string RecordingServer::authority() const { return "127.0.0.1:" + std::to_string(port_); }
std::string RecordingServer::url() const { return "http://" + authority(); }

std::vector<RecordedRequest> RecordingServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void RecordingServer::accept_all() {
  while (!stopping_) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    const std::lock_guard lock(mutex_);
    const std::size_t number = connections_.size();
    connections_.push_back(connection);
    threads_.emplace_back([this, connection, number] { serve(connection, number); });
  }
}

void RecordingServer::serve(int connection, std::size_t number) {
  std::string buffer;
  RecordedRequest request;
  request.connection = number;
  while (read_request(connection, buffer, request)) {
    std::size_t index = 0;
    {
      const std::lock_guard lock(mutex_);
      index = requests_.size();
      requests_.push_back(request);
    }
    const std::string reply = answer_(request, index);
    if (reply.empty()) break;
    if (::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
  }
  ::shutdown(connection, SHUT_RDWR);
}

std::string http_reply(int status, const std::string& body, const std::string& lines) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + lines + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::uint16_t unused_port() {
  std::uint16_t port = 0;
  ::close(listen_on_free_port(port));
  return port;
}

}  // namespace stator::testing
