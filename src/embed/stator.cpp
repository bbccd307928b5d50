#include "stator/stator.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "core/api_error.h"
#include "core/manual_clock.h"
#include "embed/result.h"
#include "endpoint/embedded.h"

namespace stator {

struct Database::Impl {
  Impl(const engine::Options& options, std::unique_ptr<core::ManualClock> given_clock)
      : clock(std::move(given_clock)), endpoint(options) {}
  void run_due() {
    constexpr std::chrono::seconds kPatience{10};
    const engine::GatePass pass(endpoint.engine().gate());
    endpoint.engine().run_due_jobs(kPatience);
  }
  std::unique_ptr<core::ManualClock> clock;
  endpoint::Embedded endpoint;
};

namespace {

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
  engine::Options engine;
  engine.directory = options.directory;
  engine.sync = options.sync;
  engine.staleness = {.read_ms = options.read_staleness_ms,
                      .index_ms = options.index_lag_ms,
                      .stream_ms = options.stream_lag_ms,
                      .seed = options.staleness_seed};
  engine.enforce_throughput = options.enforce_throughput;
  if (options.log) engine.log = [log = options.log](core::LogLevel, std::string_view line) { log(line); };
  std::unique_ptr<core::ManualClock> clock;
  if (options.clock_ms) {
    clock = std::make_unique<core::ManualClock>(0);
    if (!clock->set(*options.clock_ms)) throw std::runtime_error("clock_ms must be a time from 1970 to 9999");
    engine.clock = clock.get();
  }
  return Database(std::make_unique<Impl>(engine, std::move(clock)));
}

Database Database::open_in_memory() { return open({}); }

Result Database::call(std::string_view operation, std::string_view request_json) {
  if (!impl_) throw std::logic_error("this Database was moved from");
  return embed::call(impl_->endpoint, operation, request_json);
}

void Database::save_snapshot(std::string_view name) {
  change_state(impl_->endpoint.engine(), [name](engine::Engine& engine) { engine.save_snapshot(name); });
}

void Database::restore_snapshot(std::string_view name) {
  change_state(impl_->endpoint.engine(), [name](engine::Engine& engine) { engine.restore_snapshot(name); });
}

void Database::drop_snapshot(std::string_view name) {
  change_state(impl_->endpoint.engine(), [name](engine::Engine& engine) { engine.drop_snapshot(name); });
}

std::vector<std::string> Database::snapshots() const {
  std::vector<std::string> names;
  for (engine::SnapshotInfo& snapshot : impl_->endpoint.engine().snapshots().list()) {
    names.push_back(std::move(snapshot.name));
  }
  return names;
}

void Database::reset() {
  change_state(impl_->endpoint.engine(), [](engine::Engine& engine) { engine.reset(); });
}

void Database::set_clock(std::int64_t now_ms) {
  if (!impl_->clock) throw std::logic_error("this Database has the machine's clock");
  if (!impl_->clock->set(now_ms)) throw std::runtime_error("the time must be one from 1970 to 9999");
  impl_->run_due();
}

void Database::advance_clock(std::int64_t by_ms) {
  if (!impl_->clock) throw std::logic_error("this Database has the machine's clock");
  if (!impl_->clock->advance(by_ms)) throw std::runtime_error("the time must be one from 1970 to 9999");
  impl_->run_due();
}

std::string_view version() { return STATOR_VERSION; }

}  // namespace stator
