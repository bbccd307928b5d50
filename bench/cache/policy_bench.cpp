// Hit rates of eviction policies on traces of a Zipf distribution; prints a table. bench/README.md, "Caches".
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cache/eviction.h"
#include "policies.h"
#include "zipf.h"

namespace stator::bench {
namespace {

constexpr std::size_t kKeys = 200'000;
constexpr double kExponent = 0.99;

/// Numbers of keys; keys from kKeys on are requested only once.
struct Trace {
  std::string name;
  std::vector<std::uint32_t> keys;
};

std::size_t size_of(std::uint32_t key) { return 100 + mix(key * 7 + 1) % 1900; }

/// `scanned`: the share of requests in scans, for keys that are requested only once. `drift`: after so many requests
/// the popular keys move on by one hundredth; 0: never.
Trace make_trace(const std::string& name, std::size_t requests, double scanned, std::size_t drift) {
  const Zipf zipf(kKeys, kExponent);
  std::mt19937_64 random(4711);
  Trace trace{name, {}};
  auto cold = static_cast<std::uint32_t>(kKeys);
  std::size_t scan_left = 0;
  std::uint32_t shift = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    if (drift != 0 && i % drift == drift - 1) shift += kKeys / 100;
    // Scans are runs of a thousand requests.
    if (scan_left == 0 && std::bernoulli_distribution(scanned / 1000)(random)) scan_left = 1000;
    if (scan_left > 0) {
      --scan_left;
      trace.keys.push_back(cold++);
    } else {
      // Popular keys are spread over all keys, and a key's size does not depend on its popularity.
      trace.keys.push_back(static_cast<std::uint32_t>((zipf(random) + shift) % kKeys));
    }
  }
  return trace;
}

struct Result {
  double hit_rate;
  double ns;
};

template <class Policy>
Result run(const Trace& trace, std::size_t capacity_bytes) {
  std::size_t keys = 0;
  for (const std::uint32_t key : trace.keys) keys = std::max<std::size_t>(keys, key + 1);
  std::vector<Evictable> entries(keys);
  std::vector<bool> present(keys);
  Policy policy(capacity_bytes);
  std::size_t hits = 0;
  std::size_t counted = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < trace.keys.size(); ++i) {
    const std::uint32_t key = trace.keys[i];
    const bool warm = i >= trace.keys.size() / 4;
    counted += warm ? 1 : 0;
    Evictable& entry = entries[key];
    if (present[key]) {
      hits += warm ? 1 : 0;
      policy.touch(entry);
      continue;
    }
    entry.hash = mix(key + 1);
    entry.size_bytes = size_of(key);
    policy.insert(entry);
    present[key] = true;
    while (policy.size_bytes() > capacity_bytes) {
      present[static_cast<std::size_t>(&policy.evict() - entries.data())] = false;
    }
  }
  const auto taken = std::chrono::steady_clock::now() - begin;
  // Before the entries are destroyed, whose hooks are in the queues.
  while (policy.size_bytes() > 0) policy.evict();
  return {static_cast<double>(hits) / static_cast<double>(counted),
          static_cast<double>(std::chrono::nanoseconds(taken).count()) / static_cast<double>(trace.keys.size())};
}

void compare(const Trace& trace, std::size_t all_bytes) {
  for (const int per_mille : {10, 50, 100, 250}) {
    const std::size_t capacity = all_bytes / 1000 * static_cast<std::size_t>(per_mille);
    const Result results[] = {run<Lru>(trace, capacity), run<Sieve>(trace, capacity), run<TinyLfu>(trace, capacity),
                              run<cache::EvictionQueue>(trace, capacity)};
    std::printf("| %s | %d %% |", trace.name.c_str(), per_mille / 10);
    for (const Result& result : results) std::printf(" %.2f %% (%.0f ns) |", result.hit_rate * 100, result.ns);
    std::printf("\n");
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace stator::bench

int main(int argc, char** argv) {
  using namespace stator::bench;
  const std::size_t requests = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 4'000'000;
  std::size_t all_bytes = 0;
  for (std::uint32_t key = 0; key < kKeys; ++key) all_bytes += size_of(key);
  std::printf("| trace | cache | LRU | SIEVE | W-TinyLFU | S3-FIFO |\n|---|---|---|---|---|---|\n");
  compare(make_trace("Zipf(0.99)", requests, 0, 0), all_bytes);
  compare(make_trace("the same, a tenth scans", requests, 0.1, 0), all_bytes);
  compare(make_trace("the same, popularity moving", requests, 0, requests / 50), all_bytes);
  return 0;
}
