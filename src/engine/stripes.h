#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "store/key_encoding.h"

namespace stator::engine {

/// Every item belongs to one of these many lock stripes, by its key. Part of the format: counters are kept by stripe.
inline constexpr std::size_t kStripeCount = 256;

/// The locks around read, check and write (docs/architecture.md, decision 4). Whoever needs several takes them in
/// order.
class Stripes {
 public:
  static std::size_t of(std::string_view encoded_key) { return store::partition_hash(encoded_key) % kStripeCount; }

  std::mutex& operator[](std::size_t stripe) { return mutexes_[stripe]; }

  /// Waits until every write that is under way now has ended.
  void barrier() {
    for (std::mutex& mutex : mutexes_) {
      const std::lock_guard<std::mutex> lock(mutex);
    }
  }

 private:
  std::array<std::mutex, kStripeCount> mutexes_;
};

/// Holds several stripes, taken in ascending order.
class StripesLock {
 public:
  /// `stripes` in any order, repeats allowed.
  StripesLock(Stripes& all, std::vector<std::size_t> stripes);

 private:
  std::vector<std::unique_lock<std::mutex>> locks_;
};

}  // namespace stator::engine
