#include "toolkit/db_target.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "core/ascii.h"
#include "http/url.h"
#include "postgres/database.h"
#include "postgres/error.h"

namespace stator::toolkit {
namespace {

constexpr std::chrono::seconds kRecoveryPatience{30};
constexpr std::chrono::milliseconds kRecoveryPause{50};

/// Whether a private cluster that refuses a connection with this message will accept one soon, or after another start.
/// Compares the words of libpq and the server, as there is no SQLSTATE here.
bool will_pass(std::string_view message) {
  constexpr std::array<std::string_view, 5> kPassing = {
      "the database system is ",  // starting up, shutting down, in recovery mode, not yet accepting connections
      "Connection refused", "No such file or directory", "server closed the connection unexpectedly",
      "Connection reset by peer"};
  return std::ranges::any_of(kPassing,
                             [&](std::string_view words) { return message.find(words) != std::string_view::npos; });
}

/// Starts the cluster if it is not running, and returns its target. A server that was just killed may seem to be
/// running and be gone a moment later; then it is started again.
postgres::Target start_cluster(postgres::PrivateCluster& cluster, const std::string& database) {
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    cluster.start();
    try {
      return cluster.target(database);
    } catch (const postgres::Error&) {
      if (attempt == kAttempts) throw;
    }
  }
}

/// Whether every host of a target is this machine: a socket, or a loopback address. False for a service, whose host is
/// unknown.
bool is_this_machine(const postgres::TargetParts& parts) {
  if (parts.has_service && parts.host.empty() && parts.address.empty()) return false;
  std::istringstream hosts(parts.address.empty() ? parts.host : parts.address);
  for (std::string host; std::getline(hosts, host, ',');) {
    std::transform(host.begin(), host.end(), host.begin(), core::lower);
    const bool is_socket = host.empty() || host.starts_with('/') || host.starts_with('@');
    // 127.example.com is an ordinary name.
    if (!is_socket && !http::is_loopback_host(host)) return false;
  }
  return true;
}

template <class Connect>
postgres::Connection connect_with_recovery(const DbTarget& target, Connect connect_to) {
  postgres::Target server = target.server;
  const auto deadline = std::chrono::steady_clock::now() + kRecoveryPatience;
  while (true) {
    try {
      return connect_to(server);
    } catch (const postgres::Error& error) {
      if (!target.private_cluster || error.kind() != postgres::ErrorKind::kConnect || !will_pass(error.what()) ||
          std::chrono::steady_clock::now() > deadline) {
        throw;
      }
    }
    std::this_thread::sleep_for(kRecoveryPause);
    postgres::PrivateCluster cluster = *target.private_cluster;
    server.url = start_cluster(cluster, target.database).url;
  }
}

}  // namespace

std::string configured_connection_url(const DbRequest& request) {
  if (!request.connection_url.empty()) return request.connection_url;
  const char* url = std::getenv(request.production ? "PROD_CONNECTION_URL" : "CONNECTION_URL");
  return url == nullptr ? "" : url;
}

postgres::PrivateCluster private_cluster(const DbRequest& request) {
  return postgres::PrivateCluster({.data_directory = request.data_directory, .tell = request.tell});
}

DbTarget find_db_target(const DbRequest& request) {
  DbTarget target{
      .server = {.url = configured_connection_url(request)}, .database = {}, .production = request.production};
  if (!target.server.url.empty()) {
    const postgres::TargetParts parts = postgres::target_parts(target.server);
    target.database = parts.database;
    if (target.database.empty()) target.database = request.database;
    target.server.database = target.database;
    target.production = target.production || !is_this_machine(parts);
    return target;
  }
  if (request.production) {
    throw postgres::Error(postgres::ErrorKind::kUsage,
                          "PROD_CONNECTION_URL is not set; it names the production database, "
                          "as in postgresql://user@host:5432/database");
  }
  target.private_cluster = private_cluster(request);
  target.database = request.database;
  target.server = start_cluster(*target.private_cluster, target.database);
  return target;
}

postgres::Connection connect(const DbTarget& target) {
  return connect_with_recovery(target, [](const postgres::Target& server) { return postgres::Connection(server); });
}

postgres::Connection connect_for_maintenance(const DbTarget& target) {
  return connect_with_recovery(target, postgres::connect_for_maintenance);
}

}  // namespace stator::toolkit
