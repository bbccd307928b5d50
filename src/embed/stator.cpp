#include "stator/stator.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "core/api_error.h"
#include "core/manual_clock.h"
#include "core/standard_descriptors.h"
#include "embed/open_options.h"
#include "embed/result.h"
#include "endpoint/embedded.h"
#include "simulate/rules.h"
#include "simulate/simulating.h"

namespace stator {

struct Database::Impl {
  Impl(const engine::Options& options, std::unique_ptr<core::ManualClock> given_clock)
      : clock(std::move(given_clock)), endpoint(options), simulating(endpoint, endpoint.engine().clock()) {}
  void run_due() {
    constexpr std::chrono::seconds kPatience{10};
    const engine::GatePass pass(endpoint.engine().gate());
    endpoint.engine().run_due_jobs(kPatience);
  }
  Result call(std::string_view operation, std::string_view request_json, std::string_view region,
              endpoint::ReplyNotes* notes) {
    if (!has_rules.load(std::memory_order_relaxed)) return embed::call(endpoint, operation, request_json, region);
    // Rules may name a region, so requests must have one.
    return embed::call(simulating, operation, request_json, region.empty() ? "us-east-1" : region, notes);
  }
  std::unique_ptr<core::ManualClock> clock;
  endpoint::Embedded endpoint;
  simulate::Simulating simulating;
  /// So that calls cost nothing extra while there are no rules.
  std::atomic<bool> has_rules{false};
  std::mutex setting_rules;
};

namespace {

/// A child of fork() has none of RocksDB's threads, and destructors would wait for them forever. So that a child that
/// never calls this library still exits, it ends without what would follow: static destructors, and exit handlers
/// registered before the fork.
void end_forked_children_early() {
  static std::once_flag once;
  std::call_once(once, [] {
    ::pthread_atfork(nullptr, nullptr, [] {
      ::on_exit(
          [](int status, void*) {
            std::fflush(nullptr);
            ::_exit(status);
          },
          nullptr);
    });
  });
}

/// Makes a path independent of later changes of the working directory; an empty path stays empty.
std::filesystem::path fixed_path(const std::filesystem::path& path) {
  if (path.empty() || path.is_absolute()) return path;
  std::filesystem::path fixed = std::filesystem::current_path();
  for (const std::filesystem::path& part : path) {
    if (part != ".") fixed /= part;
  }
  return fixed;
}

template <class Change>
void change_state(engine::Engine& engine, Change change) {
  try {
    change(engine);
  } catch (const core::ApiError& error) {
    throw std::runtime_error(error.message);
  }
}

}  // namespace

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Database Database::open(const OpenOptions& options) {
  embed::check_open_options(options);
  engine::Options engine;
  engine.directory = fixed_path(options.directory);
  engine.sync = options.sync;
  engine.staleness = {.read_ms = options.read_staleness_ms,
                      .index_ms = options.index_lag_ms,
                      .stream_ms = options.stream_lag_ms,
                      .seed = options.staleness_seed};
  engine.enforce_throughput = options.enforce_throughput;
  engine.transition_delay_ms = options.transition_delay_ms;
  engine.stream_shards = options.stream_shards;
  engine.buckets = fixed_path(options.buckets);
  if (options.log) engine.log = [log = options.log](core::LogLevel, std::string_view line) { log(line); };
  end_forked_children_early();
  // Daemons close the standard descriptors, and print all the same.
  core::occupy_standard_descriptors();
  std::unique_ptr<core::ManualClock> clock;
  if (options.clock_ms) {
    clock = std::make_unique<core::ManualClock>(*options.clock_ms);
    engine.clock = clock.get();
  }
  return Database(std::make_unique<Impl>(engine, std::move(clock)));
}

Database Database::open_in_memory() { return open({}); }

Database::Impl& Database::impl() const {
  if (!impl_) throw std::logic_error("this Database was moved from");
  return *impl_;
}

Result Database::call(std::string_view operation, std::string_view request_json) {
  return call(operation, request_json, {});
}

Result Database::call(std::string_view operation, std::string_view request_json, std::string_view region) {
  return impl().call(operation, request_json, region, nullptr);
}

Result Database::call(std::string_view operation, std::string_view request_json, std::string_view region,
                      Delivery& delivery) {
  endpoint::ReplyNotes notes{.obeyed = true};
  Result result = impl().call(operation, request_json, region, &notes);
  delivery = {.hold_ms = notes.hold.count(), .cut = notes.cut};
  if (notes.cut) result = {.ok = false, .body = {}, .error_type = {}, .error_message = {}, .http_status = 0};
  return result;
}

Effort Database::effort(std::string_view operation) const {
  switch (impl().endpoint.effort(embed::parse_target(operation).operation)) {
    case endpoint::Effort::kItem:
      return Effort::kItem;
    case endpoint::Effort::kPage:
      return Effort::kPage;
    default:
      return Effort::kWaits;
  }
}

void Database::save_snapshot(std::string_view name) {
  change_state(impl().endpoint.engine(), [name](engine::Engine& engine) { engine.save_snapshot(name); });
}

void Database::restore_snapshot(std::string_view name) {
  change_state(impl().endpoint.engine(), [name](engine::Engine& engine) { engine.restore_snapshot(name); });
}

void Database::drop_snapshot(std::string_view name) {
  change_state(impl().endpoint.engine(), [name](engine::Engine& engine) { engine.drop_snapshot(name); });
}

std::vector<std::string> Database::snapshots() const {
  std::vector<std::string> names;
  for (engine::SnapshotInfo& snapshot : impl().endpoint.engine().snapshots().list()) {
    names.push_back(std::move(snapshot.name));
  }
  return names;
}

void Database::reset() {
  change_state(impl().endpoint.engine(), [](engine::Engine& engine) { engine.reset(); });
}

void Database::simulate(std::string_view rules_json) {
  try {
    simulate::Rules rules = simulate::parse_rules_in_process(rules_json);
    const bool has_rules = !rules.rules.empty();
    const std::lock_guard lock(impl().setting_rules);
    impl().simulating.set_rules(std::move(rules));
    impl().has_rules = has_rules;
  } catch (const core::ApiError& error) {
    throw std::runtime_error(error.message);
  }
}

std::string Database::simulated() const {
  std::string state;
  impl().simulating.append_state(state);
  return state;
}

std::int64_t Database::clock_ms() const { return impl().endpoint.engine().clock().now_ms(); }

void Database::set_clock(std::int64_t now_ms) {
  if (!impl().clock) throw std::logic_error("this Database has the machine's clock");
  if (!impl().clock->set(now_ms)) throw std::runtime_error("the time must be one from 1970 to 9999");
  impl().run_due();
}

void Database::advance_clock(std::int64_t by_ms) {
  if (!impl().clock) throw std::logic_error("this Database has the machine's clock");
  if (!impl().clock->advance(by_ms)) throw std::runtime_error("the time must be one from 1970 to 9999");
  impl().run_due();
}

std::string_view version() { return STATOR_VERSION; }

}  // namespace stator
