#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stator/stator.h"

/// Wrappers around a Database or any other Endpoint: a cache, and a fault simulator. Link with
/// `stator::wrappers` (see examples/wrap.cpp).
namespace stator {

struct CachingOptions {
  /// Maximum size of the entries.
  std::size_t capacity_bytes = std::size_t{256} << 20;
  /// How long entries live, as for `stator cache --ttl`: "60", "Query=5", "orders=10", "orders/GetItem=1"; five minutes
  /// by default.
  std::vector<std::string> lifetimes = {};
  /// How long after its lifetime an entry may still be used while the upstream throttles or fails. 0: never.
  std::int64_t stale_if_error_ms = 0;
  /// How long after a write the upstream's eventually consistent reads may miss it; until then they are not cached.
  std::int64_t settle_ms = 0;
  /// A second level shared by several caches: redis://HOST or rediss://HOST; empty: none. `shared_name` keeps caches
  /// of different upstreams apart.
  std::string shared_url = {};
  std::string shared_name = {};
  /// Returns the time in milliseconds since 1970. Empty: the machine's clock.
  std::function<std::int64_t()> now_ms = {};
};

/// A read-through and write-through cache. docs/cache.md says what its callers may rely on.
class Caching : public Endpoint {
 public:
  /// `upstream` must outlive it. Throws std::invalid_argument for an invalid lifetime or URL.
  explicit Caching(Endpoint& upstream, const CachingOptions& options = {});
  ~Caching() override;
  Caching(const Caching&) = delete;
  Caching& operator=(const Caching&) = delete;

  Result call(std::string_view operation, std::string_view request_json) override;
  /// Hits and misses by table and operation: JSON, as from `GET /_stator/cache`.
  [[nodiscard]] std::string statistics() const;
  /// Drops all entries.
  void clear();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Injects faults by rules and a seed; docs/simulate.md describes the rules. A delayed reply blocks its caller; a
/// closed connection becomes ServiceUnavailable.
class Simulating : public Endpoint {
 public:
  /// `upstream` must outlive it. `now_ms` returns the time in milliseconds since 1970; empty: the machine's clock.
  /// Throws std::invalid_argument that says what is wrong with the rules.
  Simulating(Endpoint& upstream, std::string_view rules_json, std::function<std::int64_t()> now_ms = {});
  ~Simulating() override;
  Simulating(const Simulating&) = delete;
  Simulating& operator=(const Simulating&) = delete;

  Result call(std::string_view operation, std::string_view request_json) override;
  /// Replaces the rules; counts and times start again. Throws std::invalid_argument and keeps the old rules if the new
  /// ones are invalid.
  void set_rules(std::string_view rules_json);
  /// How many requests each rule matched, and how many it changed: JSON, as from `GET /_stator/simulate`.
  [[nodiscard]] std::string state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator
