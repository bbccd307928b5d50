#pragma once

#include <chrono>
#include <memory>
#include <thread>

#include "server/client.h"
#include "server/fake_endpoint.h"
#include "server/server.h"

namespace stator::server {

/// Waits a short time for a condition that the server's threads make true.
template <typename Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 1'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// A server on a free port, for one test.
class RunningServer {
 public:
  explicit RunningServer(Options options = {}) {
    options.port = 0;
    if (options.threads == 0) options.threads = 2;
    server = std::make_unique<Server>(endpoint, options);
    thread = std::thread([this] { server->run(); });
  }
  ~RunningServer() { stop(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void stop() {
    if (!thread.joinable()) return;
    server->stop();
    thread.join();
  }
  [[nodiscard]] std::uint16_t port() const { return server->port(); }
  /// Sends the request on a new connection.
  Reply ask(std::string_view text) const {
    Client client(port());
    client.send(text);
    return client.receive(text.starts_with("HEAD"));
  }
  /// Whether the server answers on a new connection.
  [[nodiscard]] bool alive() const { return ask(request("GetItem")).status == 200; }

  FakeEndpoint endpoint;
  std::unique_ptr<Server> server;
  std::thread thread;
};

}  // namespace stator::server
