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

/// The locks around read, check and write (docs/architecture.md, decision 4): every item belongs to one of them, by its
/// key. Several are taken in ascending order (StripesLock). Their number is not part of the format; there should be
/// many more than a batch has items times those that write at once, as each batch holds that of each of its items.
///
/// Beside them the locks of the parts of tables' counters (CounterPart), which are taken after those of items.
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

  /// Waits until every write that is running now has ended.
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

/// Holds several stripes, taken in ascending order.
class StripesLock {
 public:
  /// `stripes` in any order, repeats allowed.
  StripesLock(Stripes& all, std::vector<std::size_t> stripes);

 private:
  std::vector<std::unique_lock<std::mutex>> locks_;
};

/// Holds one part of the counters of all tables: whichever nobody holds, as a write may change any of them. So it waits
/// only where so many others write, none of whom waits for the lock of an item any more.
class CounterPart {
 public:
  /// Looks from the part of `stripe` on.
  CounterPart(Stripes& all, std::size_t stripe);
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::size_t number_;
  std::unique_lock<std::mutex> lock_;
};

/// Holds all parts, so that no write that changes counters is under way.
class CounterPartsLock {
 public:
  explicit CounterPartsLock(Stripes& all);

 private:
  std::vector<std::unique_lock<std::mutex>> locks_;
};

}  // namespace stator::engine
