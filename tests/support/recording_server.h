#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stator::testing {

/// A request as received, byte for byte.
struct RecordedRequest {
  std::string head;  // including the blank line
  std::string body;
  std::size_t connection = 0;  // 0 for the first connection, 1 for the second, …

  /// The request line.
  [[nodiscard]] std::string line() const;
  /// The value of the field with exactly that name; empty if absent.
  [[nodiscard]] std::string field(const std::string& name) const;
  /// The fields' names, in order.
  [[nodiscard]] std::vector<std::string> field_names() const;
};

/// An HTTP server on a free port that records its requests and replies as the test says.
class RecordingServer {
 public:
  /// Returns the whole reply, head and body; an empty one cuts the connection. Called for one request at a time.
  using Answer = std::function<std::string(const RecordedRequest& request, std::size_t index)>;

  explicit RecordingServer(Answer answer);
  ~RecordingServer();
  RecordingServer(const RecordingServer&) = delete;
  RecordingServer& operator=(const RecordingServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::vector<RecordedRequest> requests() const;

 private:
  void accept_all();
  void serve(int connection, std::size_t number);

  Answer answer_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<RecordedRequest> requests_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A reply with that status and body, and with additional header lines ("name: value\r\n" each).
std::string http_reply(int status, const std::string& body, const std::string& lines = "");

/// A port on which nothing listens.
std::uint16_t unused_port();

}  // namespace stator::testing
