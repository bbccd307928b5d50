#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "core/json_string.h"
#include "endpoint/embedded.h"
#include "remote/discovery.h"
#include "server/log.h"
#include "server/server.h"
#include "server/stop_signals.h"
#include "server/tls.h"
#include "server/web_rules.h"
#include "store/store.h"

namespace stator::cli {
namespace {

struct ServeOptions {
  server::Options http;
  bool in_memory = false;
  bool sync = false;
  std::uint64_t max_memory_mb = 0;
  std::int64_t transition_delay_ms = 0;
  std::uint32_t stream_shards = 4;
  std::int64_t stream_shard_lifetime_seconds = 0;
  std::string log_level = "info";
  std::string log_format = "text";
  std::optional<std::string> credentials;
  std::string tls_certificate;
  std::string tls_key;
  bool tls_self_signed = false;
  bool lenient = false;
};

std::shared_ptr<const server::TlsContext> make_tls(const ServeOptions& options, const std::string& data_directory) {
  if (!options.tls_certificate.empty()) {
    return std::make_shared<const server::TlsContext>(options.tls_certificate, options.tls_key);
  }
  if (!options.tls_self_signed) return nullptr;
  return std::make_shared<const server::TlsContext>(options.in_memory
                                                        ? server::make_self_signed_certificate()
                                                        : server::keep_self_signed_certificate(data_directory));
}

/// As the store sees it when it opens; the server raises it after that.
std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  return limit.rlim_cur;
}

std::string start_line(const server::Server& server, const std::string& storage, const server::Options& options) {
  const std::string fingerprint = options.tls == nullptr ? "" : options.tls->fingerprint();
  if (options.log_format == server::LogFormat::kText) {
    std::string line = fmt::format("Stator {} serves {} ({})", STATOR_VERSION, server.url(), storage);
    return fingerprint.empty() ? line : line + "\nTLS certificate SHA-256 " + fingerprint;
  }
  std::string line = R"({"message":"serving","url":)";
  core::append_json_string(server.url(), line);
  line += R"(,"storage":)";
  core::append_json_string(storage, line);
  if (!fingerprint.empty()) line += R"(,"certificate_sha256":")" + fingerprint + '"';
  return line + R"(,"version":")" STATOR_VERSION "\"}";
}

void log_line(core::LogLevel level, std::string_view line) {
  switch (level) {
    case core::LogLevel::kInfo:
      return spdlog::info("{}", line);
    case core::LogLevel::kWarning:
      return spdlog::warn("{}", line);
    case core::LogLevel::kError:
      return spdlog::error("{}", line);
  }
}

/// The C library reserves 64 MB of addresses for each thread that allocates. A process that may have only so many would
/// have none left for data, and RocksDB's own threads end it where an allocation fails.
void share_one_heap_where_addresses_are_few() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) ::mallopt(M_ARENA_MAX, 1);
}

void serve(ServeOptions options, bool data_was_named, Session& session) {
  if (options.in_memory && data_was_named) throw CommandError("stator: --in-memory and --data exclude each other", 2);
  if (options.in_memory && options.sync) throw CommandError("stator: --sync needs a disk, not --in-memory", 2);
  share_one_heap_where_addresses_are_few();
  options.http.log_format = options.log_format == "json" ? server::LogFormat::kJson : server::LogFormat::kText;
  server::configure_log(options.log_level, options.http.log_format);
  if (options.credentials) {  // also where it is empty: a variable that is not set must not open the door
    options.http.credentials =
        std::make_shared<const server::AccessKeys>(server::read_access_keys(*options.credentials));
  }
  for (const std::string& origin : options.http.allowed_origins) {
    if (server::is_origin_or_star(origin)) continue;
    throw CommandError("stator: --allow-origin " + origin + " is no origin: scheme://host, scheme://host:port, or *",
                       2);
  }
  if (options.http.host.empty()) {
    throw CommandError("stator: --host needs an address to listen on (0.0.0.0 is all of them)", 2);
  }

  server::StopSignals signals;
  engine::Options storage;
  if (!options.in_memory) storage.directory = session.data_directory;
  storage.sync = options.sync;
  storage.resources.max_memory_bytes = options.max_memory_mb << 20;
  storage.log = log_line;
  storage.transition_delay_ms = options.transition_delay_ms;
  storage.stream_shards = options.stream_shards;
  storage.stream_shard_lifetime_ms = options.stream_shard_lifetime_seconds * 1000;
  if (storage.stream_shard_lifetime_ms > 0) {
    storage.stream_trim_period_ms = std::min(storage.stream_trim_period_ms, storage.stream_shard_lifetime_ms / 2);
  }
  if (!options.in_memory) options.http.reserved_descriptors = store::descriptors_needed(descriptor_limit());
  endpoint::Embedded endpoint(storage,
                              options.lenient ? endpoint::Leniency::kNumbersAsText : endpoint::Leniency::kNone);
  options.http.tls = make_tls(options, session.data_directory);
  options.http.routes = server::job_routes(endpoint.engine());
  server::Server server(endpoint, options.http);
  std::optional<remote::ServerNotice> notice;
  if (!options.in_memory) notice.emplace(storage.directory, server.url());
  const std::string where =
      options.in_memory ? "in memory" : "data in " + endpoint.describe() + (options.sync ? ", synced" : "");
  *session.out << start_line(server, where, options.http) << std::endl;
  const auto watch = signals.watch([&server] { server.stop(); });
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
  CLI::Option* const certificate =
      command
          ->add_option("--tls-cert", options->tls_certificate, "Speak TLS with this certificate (PEM, with its chain)")
          ->type_name("FILE");
  CLI::Option* const key =
      command->add_option("--tls-key", options->tls_key, "The certificate's key (PEM, no password)")
          ->type_name("FILE")
          ->needs(certificate);
  certificate->needs(key);
  command
      ->add_flag("--tls-self-signed", options->tls_self_signed,
                 "Speak TLS with a certificate made by itself, kept in the data directory")
      ->excludes(certificate);
  command
      ->add_option("--allow-origin", options->http.allowed_origins,
                   "Origin of web pages that may call, such as https://example.com; * is all (default: only pages on\n"
                   "this machine's loopback addresses)")
      ->allow_extra_args(false);
  command
      ->add_option("--max-connections", options->http.max_connections,
                   "Connections at the same time; fewer where the limit on open files is lower")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_flag("--in-memory", options->in_memory, "Keep everything in memory; gone when the server stops");
  command
      ->add_option(
          "--max-memory", options->max_memory_mb,
          "With --in-memory: how many MB the data may take; writes beyond are refused (default: a tenth of what the "
          "process may have, where that is limited)")
      ->type_name("MB")
      ->check(CLI::Range(1, 1 << 24));
  command->add_flag("--sync", options->sync,
                    "Acknowledge a write only when the disk has it: it then survives power loss");
  command->add_flag(
      "--lenient", options->lenient,
      "Take whole numbers given as text (\"ReadCapacityUnits\": \"5\"), as DynamoDB Local does and AWS does "
      "not;\nthe forms of dynamodb-admin send them");
  command
      ->add_option("--transition-delay", options->transition_delay_ms,
                   "How many milliseconds tables and indexes stay CREATING, UPDATING and DELETING, as they do on AWS")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command->add_option("--stream-shards", options->stream_shards, "Into how many shards new streams are split")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option(
          "--stream-shard-lifetime", options->stream_shard_lifetime_seconds,
          "After how many seconds a shard is closed and goes on in a child, as shards do on AWS after some hours "
          "(default: never)")
      ->check(CLI::Range(1, 1'000'000));
  command
      ->add_option("--threads", options->http.threads,
                   "Event loops (default: one a core); calls that take long get threads of their own")
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
