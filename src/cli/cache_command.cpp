#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "cache/caching.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/directory_watch.h"
#include "cli/heap.h"
#include "cli/server_options.h"
#include "cli/server_paths.h"
#include "cli/simulate_option.h"
#include "cli/target.h"
#include "http/url.h"
#include "json/reader.h"
#include "remote/target.h"
#include "server/server.h"
#include "server/stop_signals.h"
#include "toolkit/cache_follower.h"
#include "toolkit/text_table.h"

namespace stator::cli {
namespace {

constexpr const char* kStatisticsPath = "/_stator/cache";
/// The most requests at the same time to an upstream on another machine. Each waits on a thread, and has a connection
/// to the upstream and one to the shared level.
constexpr std::size_t kMostUpstreamCalls = 256;
constexpr std::size_t kDescriptorsOfACall = 2;
/// How long a stop waits beyond the time for requests in flight. An upstream that does not answer would hold the
/// process for a minute, for replies that nobody wants any more.
constexpr std::chrono::seconds kLastAnswers{2};

struct CacheOptions {
  ServerOptions server;
  std::string to;
  std::uint64_t memory_mb = 256;
  std::vector<std::string> lifetimes;
  bool trust_callers = false;
  double stale_if_error_seconds = 0;
  double settle_seconds = 1;
  std::string simulate;
  bool follow_streams = false;
  std::string shared;
  std::string shared_authorities;
};

/// `to`: "aws" or "prod", a URL, or a data directory, which must exist.
remote::TargetOptions upstream_options(const Session& session, const std::string& to) {
  remote::TargetOptions options = target_options(session);
  options.prod = to == "aws" || to == "prod";
  options.endpoint_url.clear();
  options.will_write = true;
  options.log = log_line;
  if (to.find("://") != std::string::npos) {
    std::string text = to;
    if (const std::string fault = is_url()(text); !fault.empty()) throw CommandError("stator: --to: " + fault, 2);
    options.endpoint_url = to;
  } else if (!options.prod) {
    check_directory(to, false);
    options.data_directory = to;
  }
  return options;
}

/// Whether the upstream's address is the one that the server listens on. Nothing else can listen there.
bool leads_to(const std::string& upstream_url, const server::Server& server, const std::string& host) {
  if (upstream_url.empty()) return false;
  const http::Url upstream = http::parse_url(upstream_url);
  const bool is_here = upstream.host == "localhost" || upstream.host.starts_with("127.") || upstream.host == "::1";
  const bool listens_here = server.is_on_loopback() || host == "0.0.0.0" || host == "::";
  return upstream.port == server.port() && (upstream.host == host || (is_here && listens_here));
}

/// Allows many calls; if the limit on open files is low, at most as many as a quarter of it serves.
void make_room_for_waiting_calls(server::Options& http) {
  rlimit limit{};
  const bool is_limited = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY;
  const std::size_t within_limit = is_limited ? limit.rlim_max / 4 / kDescriptorsOfACall : kMostUpstreamCalls;
  const std::size_t fewest = http.max_calls;
  http.max_calls = std::clamp(within_limit, fewest, kMostUpstreamCalls);
  http.reserved_descriptors += kDescriptorsOfACall * (http.max_calls - fewest);
}

cache::Options read_options(const CacheOptions& options) {
  cache::Options cache;
  cache.capacity_bytes = options.memory_mb << 20;
  cache.trust_callers = options.trust_callers;
  cache.stale_if_error_ms = static_cast<std::int64_t>(options.stale_if_error_seconds * 1000);
  cache.settle_ms = static_cast<std::int64_t>(options.settle_seconds * 1000);
  cache.log = log_line;
  if (!options.shared.empty()) {
    try {
      cache.shared = cache::parse_redis_url(options.shared);
      cache.shared->authorities = options.shared_authorities;
    } catch (const std::invalid_argument& error) {
      throw CommandError(std::string("stator: --shared: ") + error.what(), 2);
    }
  }
  for (const std::string& lifetime : options.lifetimes) {
    try {
      cache.lifetimes.set(lifetime);
    } catch (const std::invalid_argument& error) {
      throw CommandError(std::string("stator: --ttl ") + lifetime + ": " + error.what(), 2);
    }
  }
  return cache;
}

std::vector<server::Route> cache_routes(cache::Caching& cache) {
  const auto statistics = [&cache](std::string_view /*body*/, std::string& reply) { cache.append_statistics(reply); };
  const auto clear = [&cache](std::string_view /*body*/, std::string& reply) {
    cache.clear();
    cache.append_statistics(reply);
  };
  return {{.method = "GET", .path = kStatisticsPath, .answer = statistics},
          {.method = "POST", .path = "/_stator/cache/clear", .changes = true, .answer = clear}};
}

void serve_cache(CacheOptions options, const Session& session) {
  prepare_heap();
  prepare(options.server);
  cache::Options cache_options = read_options(options);
  const remote::TargetOptions upstream = upstream_options(session, options.to);
  server::Options& http = options.server.http;
  server::StopSignals signals;
  const std::unique_ptr<endpoint::Endpoint> target = remote::open_target(upstream);
  // Between cache and upstream, to show how the cache handles an upstream's faults.
  auto simulating = std::make_unique<simulate::Simulating>(*target);
  simulate::Simulating& rules = *simulating;
  cache_options.shared_name = target->describe();
  if (target->effort("GetItem") == endpoint::Effort::kWaits) {
    make_room_for_waiting_calls(http);
    signals.leave_after(std::chrono::milliseconds(http.drain_timeout_ms) + kLastAnswers);
  } else if (!upstream.data_directory.empty()) {
    http.on_check = [watch = DirectoryWatch(upstream.data_directory)]() mutable { watch.check(); };
  }
  cache::Caching cache(std::move(simulating), std::move(cache_options));
  prepare_tls(options.server, {});
  http.routes = cache_routes(cache);
  http.metrics.emplace_back([&cache](core::MetricsText& out) { cache.append_metrics(out); });
  if (!options.simulate.empty()) {
    rules.set_rules(read_rules(options.simulate));
    add_simulate_paths(rules, http);
  }
  server::Server server(cache, http);
  if (leads_to(upstream.endpoint_url, server, http.host))
    throw CommandError("stator: --to " + options.to + " is the address of the cache itself; give it another --port", 2);
  if (remote::is_production(upstream) && http.credentials == nullptr && !server.is_on_loopback()) {
    throw CommandError(
        "stator: beyond this machine a cache in front of AWS lends its rights to everybody: say with "
        "--credentials who may use it",
        2);
  }
  const ReadyFile ready(options.server.ready_file, server);
  *session.out << start_line(server, "caches", cache.describe(), http) << "\n" << std::flush;
  std::optional<toolkit::CacheFollower> follower;
  if (options.follow_streams) follower.emplace(rules, cache, toolkit::CacheFollower::Options{.log = log_line});
  const auto watch = signals.watch([&server] { server.stop(); });
  server.run();
}

std::string percent(double part, double all) {
  if (all == 0) return "-";
  return std::to_string(std::lround(100 * part / all)) + " %";
}

/// The statistics as text: totals, then a line for each table and operation that had requests.
std::string statistics_text(const Session& session, const std::string& reply) {
  std::ostringstream out;
  json::Parser parser;
  const json::Value root = parser.parse(reply);
  const auto number = [](const json::Value& object, const char* name) {
    return static_cast<std::int64_t>(object[name].get_int64().value());
  };
  out << "before " << std::string_view(root["upstream"]) << ": " << number(root, "entries")
      << (number(root, "entries") == 1 ? " entry, " : " entries, ") << number(root, "bytes") << " of "
      << number(root, "capacity_bytes") << " bytes, " << number(root, "evicted") << " evicted; "
      << number(root, "upstream_requests") << " requests sent on, " << number(root, "joined") << " joined another, "
      << number(root, "refused_fills") << " replies were too old to keep\n";
  json::Object shared;
  if (root["shared"].get(shared) == simdjson::SUCCESS) {
    const json::Value of_shared = root["shared"];
    out << "shared level " << (of_shared["up"].get_bool().value() ? "up" : "out of reach") << ": "
        << number(of_shared, "hit") << " hits, " << number(of_shared, "miss") << " misses, "
        << number(of_shared, "failures") << " failures, told of " << number(of_shared, "told")
        << " changes of other nodes\n";
  }
  toolkit::TextTable table;
  for (const json::Value of_table : root["tables"].get_array()) {
    for (const char* const operation : {"GetItem", "Query", "Scan"}) {
      const json::Value counts = of_table[operation];
      const std::int64_t hits = number(counts, "hit");
      const std::int64_t asked = hits + number(counts, "miss") + number(counts, "stale") + number(counts, "pass");
      if (asked == 0) continue;
      table.set("table", {std::string(std::string_view(of_table["table"]))});
      table.set("operation", {operation});
      table.set("hits", {std::to_string(hits), true});
      for (const auto& [column, member] : {std::pair{"misses", "miss"}, {"stale", "stale"}, {"passed", "pass"}}) {
        table.set(column, {std::to_string(number(counts, member)), true});
      }
      table.set("hit rate", {percent(static_cast<double>(hits), static_cast<double>(asked)), true});
      table.end_row();
    }
  }
  table.draw(out, session.columns, session.colour);
  return out.str();
}

void show_statistics(const Session& session) {
  require_human_or_json(session);
  const std::string url = session.endpoint_url.empty() ? "http://127.0.0.1:8000" : session.endpoint_url;
  const std::string otherwise = "is not a stator cache";
  const std::string reply = read_reply(ask_server(session, url, kStatisticsPath), url, "upstream_requests", otherwise);
  if (session.output == OutputFormat::kJson) return print_json(session, reply);
  *session.out << read_members(url, otherwise, [&] { return statistics_text(session, reply); });
}

}  // namespace

void add_cache_command(CLI::App& root, Session& session) {
  CLI::App* command = root.add_subcommand("cache", "Serve any DynamoDB API over HTTP with a cache in front of it");
  command->footer(
      "Examples:\n"
      "  stator cache --to aws --port 8001\n"
      "  stator cache --to http://127.0.0.1:8000 --port 8001 --ttl 60 --ttl orders/Query=5\n"
      "  aws dynamodb get-item ... --endpoint-url http://127.0.0.1:8001\n"
      "  stator cache stats --endpoint-url http://127.0.0.1:8001\n"
      "\n"
      "The cache signs requests to the upstream with the credentials that AWS tools would find. What is cached, for "
      "how\n"
      "long, and what readers may rely on: docs/cache.md.");
  auto options = std::make_shared<CacheOptions>();
  command
      ->add_option(
          "--to", options->to,
          "The upstream: aws (or prod), a URL (DynamoDB Local, Alternator, another Stator), or a data directory")
      ->type_name("ENDPOINT");
  command->add_option("--memory", options->memory_mb, "Maximum size of the entries")
      ->type_name("MB")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--ttl", options->lifetimes,
                   "How long entries live: SECONDS, OPERATION=SECONDS, TABLE=SECONDS or TABLE/OPERATION=SECONDS, with\n"
                   "GetItem, Query or Scan; 0: not cached (default: 300)")
      ->type_name("WHAT")
      ->allow_extra_args(false);
  command->add_flag("--trust-callers", options->trust_callers,
                    "All callers share the cached entries (default: each access key has its own)");
  command
      ->add_option("--stale-if-error", options->stale_if_error_seconds,
                   "Answer with entries that expired up to SECONDS ago while the upstream throttles or fails")
      ->type_name("SECONDS")
      ->check(number_in(0, 2'592'000));
  command
      ->add_option("--settle", options->settle_seconds,
                   "How long after a write the upstream's eventually consistent reads may miss it")
      ->type_name("SECONDS")
      ->check(number_in(0, 3'600))
      ->capture_default_str();
  add_server_options(*command, options->server);
  command->add_flag("--follow-streams", options->follow_streams,
                    "Follow the tables' streams, and drop what others change");
  command
      ->add_option(
          "--shared", options->shared,
          "A second level shared by several caches, in Redis or Valkey: redis://[[USER]:PASSWORD@]HOST[:PORT][/DB],\n"
          "or rediss:// for TLS")
      ->type_name("URL");
  command
      ->add_option(
          "--shared-ca", options->shared_authorities,
          "The authorities (PEM) that may have issued a rediss:// server's certificate (default: the system's)")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  add_simulate_option(*command, options->simulate);
  CLI::App* stats = command->add_subcommand("stats", "Show a running cache's hits and misses, by table and operation");
  stats->footer("Example: stator cache stats --endpoint-url http://127.0.0.1:8001");
  stats->callback([&session] { show_statistics(session); });
  command->callback([&root, &session, command, stats, options] {
    if (command->got_subcommand(stats)) return;
    if (options->to.empty())
      throw CommandError("stator: --to needs what is to be cached (help: stator cache --help)", 2);
    refuse_options(root, "cache",
                   {"--endpoint-url", "--data", "--cache", "--cache-ttl", "--yes", "--read-only", "--dry-run"});
    serve_cache(*options, session);
  });
}

}  // namespace stator::cli
