#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "store/key_encoding.h"

namespace stator::engine {

/// The locks around read, check and write (docs/architecture.md, decision 4): every item belongs to one of them, by its
/// key. Several are taken in ascending order (StripesLock). Their number is not part of the format.
class Stripes {
 public:
  /// `count` is at least 1.
  explicit Stripes(std::size_t count) : count_(count), mutexes_(std::make_unique<std::mutex[]>(count)) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t of(std::string_view encoded_key) const {
    return store::partition_hash(encoded_key) % count_;
  }

  std::mutex& operator[](std::size_t stripe) { return mutexes_[stripe]; }

  /// Waits until every write that is running now has ended.
  void barrier() {
    for (std::size_t stripe = 0; stripe < count_; ++stripe) {
      const std::lock_guard<std::mutex> lock(mutexes_[stripe]);
    }
  }

 private:
  const std::size_t count_;
  const std::unique_ptr<std::mutex[]> mutexes_;
};

/// Holds several stripes, taken in ascending order.
class StripesLock {
 public:
  explicit StripesLock(Stripes& all);
  /// `stripes` in any order, repeats allowed.
  StripesLock(Stripes& all, std::vector<std::size_t> stripes);

 private:
  std::vector<std::unique_lock<std::mutex>> locks_;
};

}  // namespace stator::engine
