#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/account.h"
#include "core/metrics.h"
#include "endpoint/endpoint.h"
#include "server/access_keys.h"
#include "server/followed.h"
#include "server/log.h"
#include "server/route.h"

/// HTTP: publishes an Endpoint as DynamoDB's AWS JSON 1.0 protocol.
namespace stator::server {

class TlsContext;

inline constexpr std::size_t kDefaultReservedDescriptors = 64;  // enough for a store in memory

struct Options {
  std::string host = "127.0.0.1";
  /// 0: any free port; see Server::port.
  std::uint16_t port = 8000;
  /// Number of event loops, each with a thread of its own, which also runs most calls; calls that take long, or are
  /// known to wait, run on further threads. 0: one a core.
  unsigned threads = 0;
  /// Named by the health answer, and with the account by refusals of what a key may not do.
  std::string region = "us-east-1";
  std::string account_id = api::kDefaultAccountId;

  /// Only requests signed with one of these are answered; null: any signature is accepted.
  std::shared_ptr<Followed<AccessKeys>> credentials;

  /// With it the server speaks TLS and nothing else.
  std::shared_ptr<Followed<TlsContext>> tls;

  /// Origins of web pages that may call, beside those on this machine; "*" is all. See WebRules.
  std::vector<std::string> allowed_origins;

  // Limits, so that no client can disturb another.
  std::size_t max_body_bytes = 16 * 1024 * 1024;  // as received, and again decompressed
  std::size_t max_header_bytes = 16 * 1024;       // request line and header fields, as the service's
  std::size_t max_connections = 10'000;           // or fewer, by the limit on open files
  /// Calls beside one on each event loop's thread. An endpoint whose calls wait for another machine takes more than
  /// one that computes.
  std::size_t max_calls = 40;
  /// File descriptors that the rest of the process needs, above all the store.
  std::size_t reserved_descriptors = kDefaultReservedDescriptors;
  /// Of all connections' input and unread replies together; a request that would need more is refused with 503. A
  /// quarter more is reserved for small requests with small replies.
  std::size_t max_buffered_bytes = std::size_t{1} << 30;
  std::uint32_t idle_timeout_ms = 60'000;     // between requests
  std::uint32_t request_timeout_ms = 30'000;  // from the first byte of a request to its last
  std::uint32_t write_timeout_ms = 30'000;    // for each 16 KB of a reply
  std::uint32_t call_timeout_ms = 60'000;     // from the first byte of a request until its call has begun
  std::uint32_t drain_timeout_ms = 10'000;    // at a stop, for requests in flight
  std::uint32_t look_ms = 5'000;              // between two looks for another certificate, for other keys, and of:
  /// Called on the thread that takes connections in; must not wait, nor throw. Null: nothing.
  std::function<void()> on_look;

  /// Paths that are answered beside the protocol and the metrics.
  std::vector<Route> routes;
  /// What GET /metrics tells beside the server's own figures. They must outlive the server.
  std::vector<core::MetricSource> metrics;

  bool log_requests = false;
  LogFormat log_format = LogFormat::kText;
};

/// The warning to log at the start of a server that listens on `address`; empty where only this machine can reach it or
/// where callers need a key.
std::string exposure_warning(const Options& options, const std::string& address, std::uint16_t port);

class Server {
 public:
  /// Binds and begins to listen; throws std::runtime_error with one line for the user (address in use, no permission).
  /// `endpoint` must outlive the server.
  Server(endpoint::Endpoint& endpoint, const Options& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:8000", with TLS "https://…".
  [[nodiscard]] std::string url() const;
  /// Whether only this machine can reach it.
  [[nodiscard]] bool is_on_loopback() const;
  /// As in Options, or fewer where the limit on open files is lower.
  [[nodiscard]] std::size_t max_connections() const;
  /// What is charged against Options::max_buffered_bytes now.
  [[nodiscard]] std::size_t buffered_bytes() const;
  /// Serves until `stop`; returns when everything in flight was answered or the drain timeout passed. Once per Server.
  /// Throws std::runtime_error when there are not enough threads; nothing runs then.
  void run();
  /// From any thread or a signal handler's context: stop accepting, finish what is in flight.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::server
