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
#include "server/log.h"
#include "server/reloadable.h"
#include "server/route.h"

/// HTTP: publishes an Endpoint as DynamoDB's AWS JSON 1.0 protocol.
namespace stator::server {

class TlsContext;

inline constexpr std::size_t kDefaultReservedDescriptors = 64;  // enough for a store in memory

struct Options {
  std::string host = "127.0.0.1";
  /// 0: any free port; see Server::port.
  std::uint16_t port = 8000;
  /// Number of event loops. Each has its own thread, which also runs most calls; calls that take long, or are known to
  /// wait, run on further threads. 0: one per core.
  unsigned threads = 0;
  /// In the health answer and, with the account, in errors about what a key may not do.
  std::string region = "us-east-1";
  std::string account_id = api::kDefaultAccountId;

  /// Only requests signed with one of these keys are answered; null: any signature is accepted.
  std::shared_ptr<Reloadable<AccessKeys>> credentials;

  /// If set, the server speaks only TLS.
  std::shared_ptr<Reloadable<TlsContext>> tls;

  /// Origins of web pages that may call, in addition to those on this machine; "*" allows all. See WebRules.
  std::vector<std::string> allowed_origins;

  // Limits, so that no client can disturb another.
  std::size_t max_body_bytes = 16 * 1024 * 1024;  // as received, and again when decompressed
  std::size_t max_header_bytes = 16 * 1024;       // request line and header fields, like the service's limit
  std::size_t max_connections = 10'000;           // fewer if the limit on open files requires it
  /// Maximum of calls in addition to one on each event loop's thread. An endpoint that waits for another machine needs
  /// more than one that computes.
  std::size_t max_calls = 40;
  /// File descriptors for the rest of the process, mainly the store.
  std::size_t reserved_descriptors = kDefaultReservedDescriptors;
  /// Limit for the input and unread replies of all connections together; requests that need more are refused with 503.
  /// A quarter more is reserved for small requests with small replies.
  std::size_t max_buffered_bytes = std::size_t{1} << 30;
  std::uint32_t idle_timeout_ms = 60'000;     // between requests
  std::uint32_t request_timeout_ms = 30'000;  // from the first byte of a request to its last
  std::uint32_t write_timeout_ms = 30'000;    // for each 16 KB of a reply
  std::uint32_t call_timeout_ms = 60'000;     // from the first byte of a request until its call has begun
  std::uint32_t drain_timeout_ms = 10'000;    // at a stop, for requests in flight
  /// Between two checks for a new certificate, for new keys, and calls of `on_check`.
  std::uint32_t check_interval_ms = 5'000;
  /// Called on the thread that accepts connections; must not wait or throw. May be null.
  std::function<void()> on_check;

  /// Paths that are answered in addition to the protocol and the metrics.
  std::vector<Route> routes;
  /// Metrics for GET /metrics in addition to the server's own. They must outlive the server.
  std::vector<core::MetricSource> metrics;

  bool log_requests = false;
  LogFormat log_format = LogFormat::kText;
};

/// The warning to log when a server starts that listens on `address`; empty if only this machine can reach it or if
/// callers need a key.
std::string exposure_warning(const Options& options, const std::string& address, std::uint16_t port);

class Server {
 public:
  /// Binds and begins to listen. Throws std::runtime_error with one line for the user (address in use, no permission).
  /// `endpoint` must outlive the server.
  Server(endpoint::Endpoint& endpoint, const Options& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:8000", or "https://…" with TLS.
  [[nodiscard]] std::string url() const;
  /// Whether only this machine can reach it.
  [[nodiscard]] bool is_on_loopback() const;
  /// The value in Options, or fewer if the limit on open files is too low.
  [[nodiscard]] std::size_t max_connections() const;
  /// The bytes currently charged against Options::max_buffered_bytes.
  [[nodiscard]] std::size_t buffered_bytes() const;
  /// Serves until `stop`; returns when everything in flight was answered or the drain timeout has passed. Call this
  /// once. Throws std::runtime_error if there are not enough threads, and then serves nothing.
  void run();
  /// Stops accepting and finishes what is in flight. May be called from any thread or a signal handler.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator::server
