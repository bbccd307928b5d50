#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stator::server {

struct Reply {
  int status = 0;                              // 0: the connection ended before a reply
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// A raw socket that sends bytes and reads replies, each within a few seconds.
class UnconnectedClient {
 public:
  UnconnectedClient() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {}
  ~UnconnectedClient() { ::close(socket_); }
  UnconnectedClient(const UnconnectedClient&) = delete;
  UnconnectedClient& operator=(const UnconnectedClient&) = delete;

  void connect(std::uint16_t port, int receive_buffer_bytes = 0) {
    if (receive_buffer_bytes > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }

  /// Returns false if the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void half_close() { ::shutdown(socket_, SHUT_WR); }

  /// Waits for more input; returns false at its end, or if none came in time.
  bool fill(int timeout_ms = 10'000) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, timeout_ms) <= 0) {
      timed_out_ = true;
      return false;
    }
    char block[65536];
    const ssize_t count = ::recv(socket_, block, sizeof block, 0);
    if (count <= 0) return false;
    input_.append(block, static_cast<std::size_t>(count));
    return true;
  }

  /// Reads and discards at most this many bytes.
  void take(std::size_t bytes) {
    char block[65536];
    [[maybe_unused]] const ssize_t count = ::recv(socket_, block, std::min(bytes, sizeof block), MSG_DONTWAIT);
  }

  /// Returns the status of a reply that has begun to arrive, without consuming any of it.
  [[nodiscard]] int coming_status() const {
    char line[13] = {};
    [[maybe_unused]] const ssize_t count = ::recv(socket_, line, 12, MSG_PEEK | MSG_DONTWAIT);
    return std::atoi(line + 9);
  }

  Reply receive(bool head_only = false) {
    Reply reply;
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return reply;
    }
    std::string_view head = std::string_view(input_).substr(0, end + 2);
    reply.status = std::atoi(std::string(head.substr(9, 3)).c_str());
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
      const std::string_view line = head.substr(0, head.find("\r\n"));
      std::string name(line.substr(0, line.find(':')));
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      reply.headers[name] = std::string(line.substr(line.find(':') + 2));
      head.remove_prefix(line.size() + 2);
    }
    input_.erase(0, end + 4);
    if (reply.status == 100 || head_only) return reply;
    if (reply.header("transfer-encoding") == "chunked") {
      while (input_.size() < 5 && fill()) {
      }
      input_.erase(0, 5);
      return reply;
    }
    const std::size_t length = std::strtoull(reply.header("content-length").c_str(), nullptr, 10);
    while (input_.size() < length) {
      if (!fill()) return Reply();
    }
    reply.body = input_.substr(0, length);
    input_.erase(0, length);
    return reply;
  }

  /// Waits for the end of the connection; returns false if it stayed open.
  bool at_end(int timeout_ms = 10'000) {
    while (fill(timeout_ms)) {
    }
    return !timed_out_;
  }
  /// Returns true if nothing arrives within the time.
  bool silent(int timeout_ms) {
    pollfd waiting{socket_, POLLIN, 0};
    return ::poll(&waiting, 1, timeout_ms) == 0;
  }

 private:
  int socket_;
  bool timed_out_ = false;
  std::string input_;
};

class Client : public UnconnectedClient {
 public:
  explicit Client(std::uint16_t port, int receive_buffer_bytes = 0) { connect(port, receive_buffer_bytes); }
};

inline constexpr std::string_view kSigned =
    "Authorization: AWS4-HMAC-SHA256 Credential=a/20230101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0\r\nX-Amz-Date: 20230101T000000Z\r\n";

/// A request as an SDK sends it; `more` holds further header lines.
inline std::string request(std::string_view operation, std::string_view body = "{}", std::string_view more = "") {
  std::string text = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n";
  text += "X-Amz-Target: DynamoDB_20120810." + std::string(operation) + "\r\n";
  text += kSigned;
  text += more;
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  text += body;
  return text;
}

/// The same with its body in chunks of `chunk_bytes`.
inline std::string chunked_request(std::string_view operation, std::string_view body, std::size_t chunk_bytes) {
  std::string text =
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
      "Transfer-Encoding: chunked\r\n";
  text += "X-Amz-Target: DynamoDB_20120810." + std::string(operation) + "\r\n";
  text += kSigned;
  text += "\r\n";
  while (!body.empty()) {
    const std::string_view chunk = body.substr(0, chunk_bytes);
    char size[32];
    std::snprintf(size, sizeof size, "%zx;note=x\r\n", chunk.size());
    text += size;
    text += chunk;
    text += "\r\n";
    body.remove_prefix(chunk.size());
  }
  return text + "0\r\nTrailer: x\r\n\r\n";
}

}  // namespace stator::server
