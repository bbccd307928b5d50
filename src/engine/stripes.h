#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "store/key_encoding.h"

namespace stator::engine {

/// The locks around read, check and write (docs/architecture.md, decision 4). Every item belongs to one of them by its
/// key. Several are taken in ascending order (StripesLock). Their number is not part of the format. It should be much
/// larger than the number of items in a batch times that of concurrent batches, as a batch holds the locks of all its
/// items.
///
/// Also has the locks of the parts of tables' counters (CounterPart), which are taken after those of items.
class Stripes {
 public:
  /// Part of the format.
  static constexpr std::size_t kCounterParts = 256;

  /// `count` is at least 1.
  explicit Stripes(std::size_t count) : count_(count), mutexes_(std::make_unique<std::mutex[]>(count)) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t of(std::string_view encoded_key) const {
    return store::partition_hash(encoded_key) % count_;
  }

  std::mutex& operator[](std::size_t stripe) { return mutexes_[stripe]; }
  std::mutex& counter_part(std::size_t part) { return counter_parts_[part]; }

  /// Waits until all writes that hold a stripe when it is called have ended.
  void barrier() {
    for (std::size_t stripe = 0; stripe < count_; ++stripe) {
      const std::lock_guard<std::mutex> lock(mutexes_[stripe]);
    }
  }

 private:
  const std::size_t count_;
  const std::unique_ptr<std::mutex[]> mutexes_;
  std::array<std::mutex, kCounterParts> counter_parts_;
};

/// Locks several stripes, in ascending order.
class StripesLock {
 public:
  /// `stripes` in any order, repeats allowed.
  StripesLock(Stripes& all, std::vector<std::size_t> stripes);

 private:
  std::vector<std::unique_lock<std::mutex>> locks_;
};

/// Locks one part of the counters of all tables. As a write may change any part, it takes one that is free, and waits
/// only if all are held, by writes that wait for no item's lock any more.
class CounterPart {
 public:
  /// Starts looking at the part of `stripe`.
  CounterPart(Stripes& all, std::size_t stripe);
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::size_t number_;
  std::unique_lock<std::mutex> lock_;
};

/// Locks all parts, so that no write that changes counters is under way.
class CounterPartsLock {
 public:
  explicit CounterPartsLock(Stripes& all);

 private:
  std::vector<std::unique_lock<std::mutex>> locks_;
};

}  // namespace stator::engine
