#include "stator/wrappers.h"

#include <stdexcept>
#include <utility>

#include "cache/caching.h"
#include "core/api_error.h"
#include "core/clock.h"
#include "embed/result.h"
#include "json/members.h"
#include "json/reader.h"
#include "simulate/simulating.h"

namespace stator {
namespace {

/// A clock that calls the program's function, or uses the machine's clock if there is none.
class CallbackClock : public core::Clock {
 public:
  explicit CallbackClock(std::function<std::int64_t()> now_ms) : now_ms_(std::move(now_ms)) {}
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_ ? now_ms_() : core::Clock::now_ms(); }

 private:
  const std::function<std::int64_t()> now_ms_;
};

/// The error in a Result, with all members of its body.
core::ApiError error_of(const Result& result) {
  core::ApiError error(result.error_type, result.error_message);
  json::Parser parser;
  json::Object body;
  try {
    if (parser.parse(result.body).get(body) == simdjson::SUCCESS) {
      error.extra = json::members_without(body, {"__type", "message", "Message"});
    }
  } catch (const core::ApiError&) {
    // The body is not JSON: endpoints of the program may have another form of body, or none.
  }
  return error;
}

/// Adapts an Endpoint of the embedding API to endpoint::Endpoint.
class EndpointAdapter : public endpoint::Endpoint {
 public:
  explicit EndpointAdapter(stator::Endpoint& endpoint) : endpoint_(endpoint) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    const Result result = endpoint_.call(request.operation, request.body);
    if (result.ok) {
      reply += result.body;
      return;
    }
    core::ApiError error = error_of(result);
    // The call may have taken effect before the error.
    if (request.notes != nullptr && core::http_status(error) >= 500) request.notes->uncertain = true;
    throw error;
  }
  [[nodiscard]] std::string describe() const override { return "embedded"; }

 private:
  stator::Endpoint& endpoint_;
};

cache::Options cache_options(const CachingOptions& options, const core::Clock& clock) {
  cache::Options cache;
  cache.capacity_bytes = options.capacity_bytes;
  for (const std::string& lifetime : options.lifetimes) cache.lifetimes.set(lifetime);
  cache.stale_if_error_ms = options.stale_if_error_ms;
  cache.settle_ms = options.settle_ms;
  if (!options.shared_url.empty()) cache.shared = cache::parse_redis_url(options.shared_url);
  cache.shared_name = options.shared_name;
  cache.clock = &clock;
  return cache;
}

simulate::Rules read_rules(std::string_view rules_json) {
  try {
    return simulate::parse_rules_in_process(rules_json);
  } catch (const core::ApiError& error) {
    throw std::invalid_argument(error.message);
  }
}

}  // namespace

struct Caching::Impl {
  Impl(Endpoint& upstream, const CachingOptions& options)
      : clock(options.now_ms), cache(std::make_unique<EndpointAdapter>(upstream), cache_options(options, clock)) {}
  const CallbackClock clock;
  cache::Caching cache;
};

Caching::Caching(Endpoint& upstream, const CachingOptions& options)
    : impl_(std::make_unique<Impl>(upstream, options)) {}
Caching::~Caching() = default;

Result Caching::call(std::string_view operation, std::string_view request_json) {
  return embed::call(impl_->cache, operation, request_json);
}

std::string Caching::statistics() const {
  std::string text;
  impl_->cache.append_statistics(text);
  return text;
}

void Caching::clear() { impl_->cache.clear(); }

struct Simulating::Impl {
  Impl(Endpoint& upstream, std::function<std::int64_t()> now_ms)
      : clock(std::move(now_ms)), adapter(upstream), simulating(adapter, clock) {}
  const CallbackClock clock;
  EndpointAdapter adapter;
  simulate::Simulating simulating;
};

Simulating::Simulating(Endpoint& upstream, std::string_view rules_json, std::function<std::int64_t()> now_ms)
    : impl_(std::make_unique<Impl>(upstream, std::move(now_ms))) {
  set_rules(rules_json);
}
Simulating::~Simulating() = default;

Result Simulating::call(std::string_view operation, std::string_view request_json) {
  // Rules may name a region, so requests must have one.
  return embed::call(impl_->simulating, operation, request_json, "us-east-1");
}

void Simulating::set_rules(std::string_view rules_json) { impl_->simulating.set_rules(read_rules(rules_json)); }

std::string Simulating::state() const {
  std::string text;
  impl_->simulating.append_state(text);
  return text;
}

}  // namespace stator
