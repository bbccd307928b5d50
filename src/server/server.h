#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "endpoint/endpoint.h"

/// HTTP: publishes an Endpoint as DynamoDB's AWS JSON 1.0 protocol.
namespace stator::server {

struct Options {
  std::string host = "127.0.0.1";
  /// 0: any free port; see Server::port.
  std::uint16_t port = 8000;
  /// I/O contexts, each with a thread and a listening socket of its own (SO_REUSEPORT). 0: one a core.
  unsigned threads = 0;
  std::size_t max_body_bytes = 16 * 1024 * 1024;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_connections = 10'000;
  std::uint32_t idle_timeout_ms = 60'000;      // between requests
  std::uint32_t request_timeout_ms = 30'000;   // from the first byte of a request to its last
  std::uint32_t drain_timeout_ms = 10'000;     // at a stop, for what is in flight
  bool log_requests = false;
};

class Server {
 public:
  /// Binds and begins to listen; throws std::runtime_error with one line for the user (address in use, no permission).
  Server(endpoint::Endpoint& endpoint, const Options& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Serves until `stop`; returns when everything in flight was answered or the drain timeout passed.
  void run();
  /// From any thread or a signal handler's context: stop accepting, finish what is in flight.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::server
