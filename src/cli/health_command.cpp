#include "cli/health_command.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "cli/arguments.h"
#include "http/client.h"

namespace stator::cli {
namespace {

constexpr std::uint32_t kConnectTimeoutMs = 1'000;
constexpr std::uint32_t kTimeoutMs = 2'000;
constexpr int kOk = 200;
constexpr std::uint16_t kDefaultPort = 8000;

void health(Session& session, std::uint16_t port) {
  const std::string url =
      session.endpoint_url.empty() ? "http://127.0.0.1:" + std::to_string(port) : session.endpoint_url;
  http::Request request;
  request.url = url + (url.ends_with('/') ? "" : "/");
  request.connect_timeout_ms = kConnectTimeoutMs;
  request.timeout_ms = kTimeoutMs;
  const http::Reply reply = http::Client().send(request);
  if (reply.status != kOk || !reply.body.starts_with("healthy")) {
    throw CommandError("stator: " + url + " is not healthy: status " + std::to_string(reply.status));
  }
  if (!session.quiet) *session.out << url << " is healthy\n";
}

}  // namespace

void add_health_command(CLI::App& root, Session& session) {
  CLI::App* const command =
      root.add_subcommand("health", "Check that a server answers, for a container's health check");
  const auto port = std::make_shared<std::uint16_t>(kDefaultPort);
  command->add_option("--port", *port, "The server's port on this machine")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  command->footer(
      "Asks --endpoint-url if given. Exits with 0 if the server is healthy, within two seconds.\n"
      "Example: stator health --port 8000");
  command->callback([port, &root, &session] {
    refuse_options(root, "health", {"--output", "--region", "--profile"});
    health(session, *port);
  });
}

}  // namespace stator::cli
