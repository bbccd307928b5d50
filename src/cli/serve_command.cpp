#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "cli/command.h"
#include "core/json_string.h"
#include "endpoint/discovery.h"
#include "endpoint/embedded.h"
#include "server/log.h"
#include "server/server.h"
#include "server/stop_signals.h"

namespace stator::cli {
namespace {

// With --sync an operation waits for the disk on its thread; this many may wait for one fsync together.
constexpr unsigned kSyncThreads = 16;

struct ServeOptions {
  server::Options http;
  bool in_memory = false;
  bool sync = false;
  std::int64_t transition_delay_ms = 0;
  std::string log_level = "info";
  std::string log_format = "text";
  std::optional<std::string> credentials;
};

std::string start_line(const server::Server& server, const std::string& storage, server::LogFormat format) {
  if (format == server::LogFormat::kText) {
    return fmt::format("Stator {} serves {} ({})", STATOR_VERSION, server.url(), storage);
  }
  std::string line = R"({"message":"serving","url":)";
  core::append_json_string(server.url(), line);
  line += R"(,"storage":)";
  core::append_json_string(storage, line);
  return line + R"(,"version":")" STATOR_VERSION "\"}";
}

void serve(ServeOptions options, bool data_was_named, Session& session) {
  if (options.in_memory && data_was_named) throw CommandError("stator: --in-memory and --data exclude each other", 2);
  if (options.in_memory && options.sync) throw CommandError("stator: --sync needs a disk, not --in-memory", 2);
  options.http.log_format = options.log_format == "json" ? server::LogFormat::kJson : server::LogFormat::kText;
  server::configure_log(options.log_level, options.http.log_format);
  if (options.credentials) {  // also where it is empty: a variable that is not set must not open the door
    options.http.credentials =
        std::make_shared<const server::AccessKeys>(server::read_access_keys(*options.credentials));
  }
  if (options.http.threads == 0) {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    options.http.threads = options.sync ? std::max(kSyncThreads, cores) : cores;
  }

  server::StopSignals signals;
  engine::Options storage;
  if (!options.in_memory) storage.directory = session.data_directory;
  storage.sync = options.sync;
  storage.transition_delay_ms = options.transition_delay_ms;
  endpoint::Embedded endpoint(storage);
  server::Server server(endpoint, options.http);
  std::optional<endpoint::ServerNotice> notice;
  if (!options.in_memory) notice.emplace(storage.directory, server.url());
  const std::string where =
      options.in_memory ? "in memory" : "data in " + endpoint.describe() + (options.sync ? ", synced" : "");
  *session.out << start_line(server, where, options.http.log_format) << std::endl;
  signals.watch([&server] { server.stop(); });
  server.run();
}

}  // namespace

void add_serve_command(CLI::App& root, Session& session) {
  CLI::App* command = root.add_subcommand("serve", "Serve a data directory as DynamoDB over HTTP");
  command->footer(
      "Examples:\n"
      "  stator serve --data ./data\n"
      "  stator serve --in-memory --port 0 --log-requests\n"
      "  aws dynamodb list-tables --endpoint-url http://127.0.0.1:8000\n"
      "\n"
      "The data directory is --data, else STATOR_DATA, else .stator. While it is served, other commands that are given "
      "the\n"
      "same directory go through the server. SIGTERM and Ctrl-C finish what is in flight and stop; a second one at "
      "once.");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("--port", options->http.port, "Port; 0 takes any free one")->capture_default_str();
  command->add_option("--host", options->http.host, "Address to listen on; 0.0.0.0 is all of them")
      ->capture_default_str();
  command
      ->add_option("--credentials", options->credentials,
                   "Answer only requests signed with keys of this credentials file (- for standard input, env for the "
                   "environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for tests, KEY:SECRET)")
      ->type_name("SOURCE");
  command->add_flag("--in-memory", options->in_memory, "Keep everything in memory; gone when the server stops");
  command->add_flag("--sync", options->sync,
                    "Acknowledge a write only when the disk has it: it then survives power loss");
  command
      ->add_option("--transition-delay", options->transition_delay_ms,
                   "How many milliseconds tables and indexes stay CREATING, UPDATING and DELETING, as they do on AWS")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command
      ->add_option("--threads", options->http.threads,
                   "Threads that answer requests (default: one a core; 16 with --sync)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--log-level", options->log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  command->add_option("--log-format", options->log_format, "text or json; the log goes to standard error")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_flag("--log-requests", options->http.log_requests,
                    "Log each request: method, operation, status, bytes, microseconds, request id");
  command->callback([&root, &session, options] { serve(*options, root.get_option("--data")->count() > 0, session); });
}

}  // namespace stator::cli
