#include "toolkit/cache_follower.h"

#include <algorithm>

#include "toolkit/stream_tail.h"

namespace stator::toolkit {
namespace {

struct Stopped {};

constexpr std::chrono::seconds kCallTime{5};

}  // namespace

/// The upstream with a short deadline for each call, so that calls end soon after a stop.
class CacheFollower::Source : public endpoint::Endpoint {
 public:
  explicit Source(endpoint::Endpoint& upstream) : upstream_(upstream) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    endpoint::Request bounded = request;
    bounded.deadline = std::min(request.deadline, std::chrono::steady_clock::now() + kCallTime);
    upstream_.call(bounded, reply);
  }
  [[nodiscard]] std::string describe() const override { return upstream_.describe(); }

 private:
  endpoint::Endpoint& upstream_;
};

CacheFollower::CacheFollower(endpoint::Endpoint& upstream, cache::Caching& cache, Options options)
    : upstream_(upstream), cache_(cache), options_(std::move(options)), watcher_([this] { watch_tables(); }) {}

CacheFollower::~CacheFollower() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  watcher_.join();
}

bool CacheFollower::rest(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, time, [this] { return stopping_; });
}

void CacheFollower::watch_tables() {
  do {
    for (const std::string& table : cache_.tables()) {
      if (!followers_.contains(table)) followers_.emplace(table, std::thread([this, table] { follow(table); }));
    }
  } while (rest(options_.table_pause));
  for (auto& [table, thread] : followers_) thread.join();
}

void CacheFollower::follow(const std::string& table) {
  bool logged = false;
  const auto tell = [&](const std::exception& error) {
    if (!logged) core::log(options_.log, core::LogLevel::kWarning, "not following " + table + ": " + error.what());
    logged = true;
  };
  auto another_stream_until = std::chrono::steady_clock::time_point::min();
  while (true) {
    std::chrono::milliseconds pause = options_.stream_pause;
    try {
      follow_once(table);
      // The stream has ended. If the table was created again or got another stream, that one will soon exist.
      another_stream_until = std::chrono::steady_clock::now() + options_.stream_pause;
    } catch (const Stopped&) {
      return cache_.set_followed(table, false);
    } catch (const core::ApiError& error) {
      pause = options_.table_pause;  // the upstream may answer again soon
      tell(error);
    } catch (const std::exception& error) {
      tell(error);
    }
    if (std::chrono::steady_clock::now() < another_stream_until) pause = options_.table_pause;
    // From here on changes are not noticed.
    cache_.set_followed(table, false);
    if (!rest(pause)) return;
  }
}

void CacheFollower::follow_once(const std::string& table) {
  Source source(upstream_);
  bool in_place = false;
  TailOptions options;
  options.table = table;
  options.pause = options_.pause;
  options.sleep = [&](std::chrono::milliseconds time) {
    // The first pause: the stream was read to its end. What was cached before may have missed a change; from here on no
    // change is missed.
    if (!std::exchange(in_place, true)) cache_.set_followed(table, true);
    if (!rest(time)) throw Stopped();
  };
  tail(source, options, [&](const json::Object& record) { cache_.note_change(table, record); });
}

}  // namespace stator::toolkit
