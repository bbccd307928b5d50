#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "aws/config.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/directory_watch.h"
#include "cli/heap.h"
#include "cli/server_options.h"
#include "cli/simulate_option.h"
#include "cli/target.h"
#include "core/manual_clock.h"
#include "core/random.h"
#include "core/timestamp.h"
#include "endpoint/embedded.h"
#include "engine/export/exports.h"
#include "kinesis/delivery.h"
#include "model/model.h"
#include "remote/discovery.h"
#include "s3/s3_buckets.h"
#include "server/server.h"
#include "server/stop_signals.h"
#include "store/store.h"
#include "toolkit/seed.h"
#include "toolkit/table_update.h"
#include "toolkit/tables.h"

namespace stator::cli {
namespace {

struct ServeOptions {
  ServerOptions server;
  bool in_memory = false;
  bool sync = false;
  std::uint64_t max_memory_mb = 0;
  std::uint64_t cache_mb = (store::Resources().block_cache_bytes + store::Resources().row_cache_bytes) >> 20U;
  std::uint64_t memtable_mb = store::Resources().memtable_bytes >> 20U;
  std::int64_t transition_delay_ms = 0;
  std::int64_t vector_phase_ms = 3000;
  std::uint64_t vector_memory_mb = 1024;
  std::string vector_search = "auto";
  std::uint32_t stream_shards = 0;
  std::int64_t stream_shard_lifetime_seconds = 0;
  std::int64_t restorable_lag_seconds = 0;
  std::string buckets;
  std::string kinesis_endpoint;
  endpoint::Identity identity;
  std::string s3_endpoint;
  bool lenient = false;
  engine::Staleness staleness;
  bool enforce_throughput = false;
  std::string simulate;
  std::string clock = "system";
  bool seed = false;
};

/// The clock that --clock asks for; null for the system's.
std::unique_ptr<core::ManualClock> make_clock(const std::string& text) {
  if (text == "system") return nullptr;
  if (text == "manual") return std::make_unique<core::ManualClock>(core::Clock::system().now_ms());
  const auto time = core::parse_timestamp(text);
  auto clock = std::make_unique<core::ManualClock>(0);
  if (time && clock->set(time->microseconds / 1000)) return clock;
  throw CommandError(
      "stator: --clock takes system, manual, or a time from 1970 on as 2026-11-26T12:00:00Z, not " + text, 2);
}

/// A check for CLI11: what is wrong with the text; empty if it is a valid name of a region.
std::string region_name(const std::string& text) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool good = !text.empty() && text.size() <= 64 && std::ranges::all_of(text, allowed);
  return good ? "" : "takes a name such as eu-west-1, not " + text;
}

std::string kinesis_url(const std::string& text) {
  const bool good = text.starts_with("http://") || text.starts_with("https://");
  return good ? "" : "takes an address such as http://localhost:4567, not " + text;
}

std::string account_id(const std::string& text) {
  const bool good = text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return good ? "" : "takes 12 digits, not " + text;
}

/// Takes credentials and authorities from the environment and the profile; a local endpoint accepts any credentials.
kinesis::Options kinesis_options(const std::string& url) {
  kinesis::Options options{.url = url, .credentials = nullptr, .log = log_line};
  const aws::Environment environment = aws::Environment::of_process();
  try {
    options.authorities = aws::authorities_file(environment);
    options.credentials = aws::find_credentials(environment, aws::CredentialSources::kPlainKeys);
  } catch (const aws::ConfigurationError&) {
    options.credentials = std::make_shared<aws::FixedCredentials>(aws::Credentials{"local", "local", {}, {}});
  }
  return options;
}

/// Creates the missing tables of all models and loads their seeds. Existing tables are not changed.
void seed_models(const Session& session, endpoint::Endpoint& endpoint) {
  const std::vector<model::Model> models = model::load_models(session.models_directory);
  if (models.empty()) throw CommandError("stator: --seed finds no models in " + session.models_directory);
  for (const model::Model& model : models) {
    if (!toolkit::create_table(endpoint, model.table_name, model.create_table_json).created) continue;
    if (!model.time_to_live_attribute.empty()) {
      toolkit::call(endpoint, "UpdateTimeToLive",
                    toolkit::time_to_live_request(model.table_name, model.time_to_live_attribute, true));
    }
    const auto users = open_users(session, model);
    toolkit::seed(endpoint, model, *users, {}, {});
  }
}

/// The limit on open files when the store is opened; the server raises it later.
std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  return limit.rlim_cur;
}

/// The buckets of the S3 service at `url`, with the credentials and the region that AWS tools would use.
std::shared_ptr<const engine::Buckets> service_buckets(const std::string& url) {
  const aws::Environment environment = aws::Environment::of_process();
  constexpr const char* kDefaultRegion = "us-east-1";
  s3::Options options;
  options.url = url;
  options.region = aws::find_region(environment, false).value_or(kDefaultRegion);
  options.credentials = aws::find_credentials(environment);
  options.authorities = aws::authorities_file(environment);
  options.log = log_line;
  options.unknown_account = endpoint::Identity{}.account_id;
  return std::make_shared<s3::S3Buckets>(std::move(options));
}

engine::Options engine_options(const ServeOptions& options, const std::string& data_directory,
                               const core::Clock* clock) {
  engine::Options storage;
  if (clock != nullptr) storage.clock = clock;
  if (!options.in_memory) storage.directory = data_directory;
  storage.sync = options.sync;
  storage.resources.max_memory_bytes = options.max_memory_mb << 20;
  storage.resources.block_cache_bytes = (options.cache_mb << 20U) / 2;
  storage.resources.row_cache_bytes = (options.cache_mb << 20U) / 2;
  storage.resources.memtable_bytes = options.memtable_mb << 20U;
  storage.log = log_line;
  storage.transition_delay_ms = options.transition_delay_ms;
  storage.vector_phase_ms = options.vector_phase_ms;
  storage.vector_memory_bytes = options.vector_memory_mb << 20U;
  if (options.vector_memory_mb == 0) storage.vector_load_entries = 0;
  if (options.vector_search == "exact") storage.vector_graph_entries = 0;
  storage.buckets = options.buckets;
  storage.delivers_to_kinesis = !options.kinesis_endpoint.empty();
  // Jobs that continue from before the start must find their buckets.
  storage.jobs_paused = !options.s3_endpoint.empty();
  storage.restorable_lag_ms = options.restorable_lag_seconds * 1000;
  storage.staleness = options.staleness;
  storage.enforce_throughput = options.enforce_throughput;
  storage.stream_shards = options.stream_shards;
  storage.stream_shard_lifetime_ms = options.stream_shard_lifetime_seconds * 1000;
  if (storage.stream_shard_lifetime_ms > 0) {
    storage.stream_trim_period_ms = std::min(storage.stream_trim_period_ms, storage.stream_shard_lifetime_ms / 2);
  }
  return storage;
}

void serve(ServeOptions options, bool data_was_named, Session& session) {
  if (options.in_memory && data_was_named) throw CommandError("stator: --in-memory and --data exclude each other", 2);
  if (options.in_memory && options.sync) throw CommandError("stator: --sync needs a disk, not --in-memory", 2);
  if (options.max_memory_mb > 0 && !options.in_memory)
    throw CommandError("stator: --max-memory is for --in-memory (--cache-size and --memtable-size are for a disk)", 2);
  prepare_heap();
  prepare(options.server);
  server::Options& http = options.server.http;
  http.region = options.identity.region;
  http.account_id = options.identity.account_id;

  const std::unique_ptr<core::ManualClock> clock = make_clock(options.clock);

  server::StopSignals signals;
  const engine::Options storage = engine_options(options, session.data_directory, clock.get());
  if (!options.in_memory) http.reserved_descriptors = store::descriptors_needed(descriptor_limit());
  endpoint::Embedded endpoint(storage, options.lenient ? endpoint::Leniency::kNumbersAsText : endpoint::Leniency::kNone,
                              options.identity);
  if (!options.s3_endpoint.empty()) {
    endpoint.engine().buckets().choose(service_buckets(options.s3_endpoint));
    endpoint.engine().resume_jobs();
  }
  if (!options.in_memory) http.on_check = [watch = DirectoryWatch(storage.directory)]() mutable { watch.check(); };
  prepare_tls(options.server, options.in_memory ? std::string() : session.data_directory);
  std::optional<kinesis::Delivery> delivery;
  if (!options.kinesis_endpoint.empty()) {
    delivery.emplace(endpoint.engine(), kinesis_options(options.kinesis_endpoint));
  }
  if (options.seed) {
    seed_models(session, endpoint);
    endpoint.engine().save_snapshot(engine::Engine::kStartSnapshot);
  }
  http.routes = server::job_routes(endpoint.engine());
  for (auto& routes : {server::clock_routes(endpoint.engine(), clock.get()), server::snapshot_routes(endpoint.engine()),
                       server::insights_routes(endpoint.engine())}) {
    http.routes.insert(http.routes.end(), routes.begin(), routes.end());
  }
  http.metrics.push_back(server::engine_metrics(endpoint.engine()));
  const std::string id = core::random_uuid();
  http.routes.push_back(server::identity_route(id));
  simulate::Simulating simulating(endpoint, core::Clock::system(), options.identity.account_id);
  if (!options.simulate.empty()) {
    simulating.set_rules(read_rules(options.simulate));
    add_simulate_paths(simulating, http);
  }
  endpoint::Endpoint& published = options.simulate.empty() ? static_cast<endpoint::Endpoint&>(endpoint) : simulating;
  server::Server server(published, http);
  std::optional<remote::ServerNotice> notice;
  if (!options.in_memory) notice.emplace(storage.directory, server.url(), id);
  const std::string where =
      options.in_memory ? "in memory" : "data in " + endpoint.describe() + (options.sync ? ", synced" : "");
  const ReadyFile ready(options.server.ready_file, server);
  *session.out << start_line(server, "serves", where, http) << "\n" << std::flush;
  const auto watch = signals.watch([&server] { server.stop(); });
  server.run();
}

void add_storage_options(CLI::App& command, ServeOptions& options) {
  command.add_flag("--in-memory", options.in_memory, "Keep everything in memory; gone when the server stops");
  command
      .add_option("--max-memory", options.max_memory_mb,
                  "With --in-memory: maximum size of the data; writes beyond it are refused (default: a tenth of the "
                  "process's memory limit, if it has one)")
      ->type_name("MB")
      ->check(CLI::Range(1, 1 << 24));
  command
      .add_option(
          "--cache-size", options.cache_mb,
          "Read cache, half for items of up to 2 KB, half for blocks of tables, besides the system's file cache")
      ->type_name("MB")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      .add_option("--memtable-size", options.memtable_mb,
                  "Writes collected in memory before they are written to a table; up to three times this is used,\nand "
                  "a start after a kill reads them back from the log")
      ->type_name("MB")
      ->check(CLI::Range(1, 2048))
      ->capture_default_str();
  command.add_flag("--sync", options.sync,
                   "Acknowledge a write only when the disk has it: it then survives power loss");
}

/// Adds the options for the behaviour of tables, their vector indexes and their streams.
void add_table_options(CLI::App& command, ServeOptions& options) {
  command.add_flag("--lenient", options.lenient,
                   "Accept integers given as text (\"ReadCapacityUnits\": \"5\"), as DynamoDB Local does and AWS does "
                   "not;\ndynamodb-admin's forms send them");
  command
      .add_option("--transition-delay", options.transition_delay_ms,
                  "Milliseconds that tables and indexes stay CREATING, UPDATING and DELETING, as they do on AWS")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command
      .add_option("--vector-index-phase", options.vector_phase_ms,
                  "Minimum milliseconds of each of the two phases in which a vector index is added to a table: the "
                  "allocation\nof resources, and backfilling")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command
      .add_option("--vector-memory", options.vector_memory_mb,
                  "Maximum memory for the vectors of indexes that are searched; 0: searches read the store")
      ->type_name("MB")
      ->check(CLI::Range(0, 1 << 24))
      ->capture_default_str();
  command
      .add_option(
          "--vector-search", options.vector_search,
          "exact: compare every vector; auto: from 50 000 on use a graph of them, which may miss some, as AWS's may")
      ->type_name("KIND")
      ->check(CLI::IsMember({"exact", "auto"}))
      ->capture_default_str();
  command
      .add_option("--stream-shards", options.stream_shards,
                  "Number of shards of a new stream (default: as in the service, four for an on-demand table, one for "
                  "each 3000 read\nand 1000 write units of a provisioned one)")
      ->check(CLI::Range(1, 1000));
  command
      .add_option(
          "--stream-shard-lifetime", options.stream_shard_lifetime_seconds,
          "Seconds after which a shard is closed and continues in a child, as shards do on AWS after some hours "
          "(default: never)")
      ->check(CLI::Range(1, 1'000'000));
}

/// Adds the options for the region and account of requests, stale reads, and throughput.
void add_reading_options(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--region", options.identity.region,
                  "The region of unsigned requests; otherwise ARNs name the region that a request is signed for")
      ->check(region_name)
      ->type_name("REGION")
      ->capture_default_str();
  command.add_option("--account", options.identity.account_id, "The account in ARNs, 12 digits")
      ->check(account_id)
      ->type_name("ID")
      ->capture_default_str();
  command
      .add_option("--read-staleness", options.staleness.read_ms,
                  "Milliseconds by which eventually consistent reads may be stale")
      ->type_name("MS")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command
      .add_option("--index-lag", options.staleness.index_ms,
                  "Milliseconds by which global indexes may lag behind their tables")
      ->type_name("MS")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command
      .add_option("--stream-lag", options.staleness.stream_ms,
                  "Milliseconds after its write until a stream record becomes visible")
      ->type_name("MS")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command
      .add_option("--staleness-seed", options.staleness.seed,
                  "Each read's staleness is derived from this and the read's number")
      ->type_name("N")
      ->check(CLI::Range(0, 2'000'000'000))
      ->capture_default_str();
  command.add_flag("--enforce-throughput", options.enforce_throughput,
                   "Refuse requests beyond the throughput of tables, indexes and partitions, as AWS does");
}

/// Adds the options for other services that tables work with: S3 and Kinesis.
void add_neighbour_options(CLI::App& command, ServeOptions& options) {
  command
      .add_option(
          "--buckets", options.buckets,
          "Where exports go and imports come from: the bucket NAME is the folder NAME in DIR (default: no buckets)")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command
      .add_option("--s3-endpoint", options.s3_endpoint,
                  "The same in S3 or a compatible service, with the credentials and the region of the environment or "
                  "the profile")
      ->type_name("URL")
      ->excludes("--buckets");
  command
      .add_option("--kinesis-endpoint", options.kinesis_endpoint,
                  "Where changes of tables with a Kinesis destination go, signed with the environment's keys; without "
                  "it\nthe setting is stored and nothing is sent")
      ->check(kinesis_url)
      ->type_name("URL");
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
  add_server_options(*command, options->server);
  add_storage_options(*command, *options);
  add_table_options(*command, *options);
  add_reading_options(*command, *options);
  add_simulate_option(*command, options->simulate);
  add_neighbour_options(*command, *options);
  command
      ->add_option("--restorable-lag", options->restorable_lag_seconds,
                   "Seconds by which the latest time to which a table can be restored lies in the past; 300 on AWS")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command
      ->add_option("--clock", options->clock,
                   "The database's clock: system; manual, which stands still until /_stator/clock moves it; or the "
                   "start time of a manual one, such as 2026-11-26T12:00:00Z")
      ->type_name("CLOCK")
      ->capture_default_str();
  command->add_flag("--seed", options->seed,
                    "Create the models' missing tables (--models) with their seeds, and save that as the snapshot "
                    "start, to which /_stator/reset returns");
  command->callback([&root, &session, options] {
    refuse_options(
        root, "serve",
        {"--endpoint-url", "--region", "--profile", "--cache", "--cache-ttl", "--yes", "--read-only", "--dry-run"});
    serve(*options, root.get_option("--data")->count() > 0, session);
  });
}

}  // namespace stator::cli
