#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stator/stator.h"

/// What can stand before a Database, or before any other Endpoint: a cache, and a simulator of faults. Link with
/// `stator::wrappers` (see examples/wrap.cpp).
namespace stator {

struct CachingOptions {
  /// What the entries may take.
  std::size_t capacity_bytes = std::size_t{256} << 20;
  /// How long entries live, as `stator cache --ttl` takes it: "60", "Query=5", "orders=10", "orders/GetItem=1"; five
  /// minutes where nothing is said.
  std::vector<std::string> lifetimes = {};
  /// So long after its end an entry still answers while the upstream throttles or fails. 0: never.
  std::int64_t stale_if_error_ms = 0;
  /// So long after a write the upstream's eventually consistent reads may still miss it: they are answered, not kept.
  std::int64_t settle_ms = 0;
  /// A second level that several caches share: redis://HOST or rediss://HOST; empty: none. `shared_name` keeps caches
  /// of different upstreams apart.
  std::string shared_url = {};
  std::string shared_name = {};
  /// Milliseconds since 1970; the machine's clock where it is empty.
  std::function<std::int64_t()> now_ms = {};
};

/// A read-through and write-through cache. What its callers may rely on is in docs/cache.md.
class Caching : public Endpoint {
 public:
  /// `upstream` must outlive it. Throws std::invalid_argument for a lifetime or URL that is none.
  explicit Caching(Endpoint& upstream, const CachingOptions& options = {});
  ~Caching() override;
  Caching(const Caching&) = delete;
  Caching& operator=(const Caching&) = delete;

  Result call(std::string_view operation, std::string_view request_json) override;
  /// What was hit and missed, by table and operation: JSON, as `GET /_stator/cache` has it.
  [[nodiscard]] std::string statistics() const;
  /// Forgets all entries.
  void clear();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Faults on purpose, by rules and by seed: docs/simulate.md has the rules' form. A reply that is held back holds its
/// caller; a connection that is cut is ServiceUnavailable.
class Simulating : public Endpoint {
 public:
  /// `upstream` must outlive it; `now_ms` is milliseconds since 1970, by the machine's clock where it is empty. Throws
  /// std::invalid_argument with what is wrong with the rules.
  Simulating(Endpoint& upstream, std::string_view rules_json, std::function<std::int64_t()> now_ms = {});
  ~Simulating() override;
  Simulating(const Simulating&) = delete;
  Simulating& operator=(const Simulating&) = delete;

  Result call(std::string_view operation, std::string_view request_json) override;
  /// Other rules from now on; counts and times begin anew. Throws the same, and then nothing has changed.
  void set_rules(std::string_view rules_json);
  /// How many requests each rule was for, and how many it did something to: JSON, as `GET /_stator/simulate` has it.
  [[nodiscard]] std::string state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stator
