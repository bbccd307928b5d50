#pragma once

#include <algorithm>
#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <vector>

#include "cache/eviction.h"

/// The eviction policies with which the cache's own was compared, with the same functions.
namespace stator::bench {

using cache::Evictable;
using Queue = boost::intrusive::list<Evictable>;

class Lru {
 public:
  explicit Lru(std::size_t /*capacity_bytes*/) {}
  void insert(Evictable& entry) { add(entry); }
  void touch(Evictable& entry) { queue_.splice(queue_.end(), queue_, Queue::s_iterator_to(entry)); }
  [[nodiscard]] std::size_t size_bytes() const { return bytes_; }
  Evictable& evict() {
    Evictable& oldest = queue_.front();
    queue_.pop_front();
    bytes_ -= oldest.size_bytes;
    return oldest;
  }

 private:
  void add(Evictable& entry) {
    queue_.push_back(entry);
    bytes_ += entry.size_bytes;
  }
  Queue queue_;
  std::size_t bytes_ = 0;
};

/// Zhang and others, "SIEVE is simpler than LRU", NSDI 2024.
class Sieve {
 public:
  explicit Sieve(std::size_t /*capacity_bytes*/) : hand_(queue_.end()) {}
  void insert(Evictable& entry) {
    entry.uses = 0;
    queue_.push_front(entry);
    bytes_ += entry.size_bytes;
  }
  static void touch(Evictable& entry) { entry.uses = 1; }
  [[nodiscard]] std::size_t size_bytes() const { return bytes_; }
  Evictable& evict() {
    while (true) {
      if (hand_ == queue_.end()) hand_ = std::prev(queue_.end());
      Evictable& entry = *hand_;
      const bool at_front = hand_ == queue_.begin();
      const auto next = at_front ? queue_.end() : std::prev(hand_);
      if (entry.uses == 0) {
        queue_.erase(hand_);
        hand_ = queue_.empty() ? queue_.end() : next;
        bytes_ -= entry.size_bytes;
        return entry;
      }
      entry.uses = 0;
      hand_ = next;
    }
  }

 private:
  Queue queue_;
  Queue::iterator hand_;
  std::size_t bytes_ = 0;
};

/// Einziger and others, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM Transactions on Storage 2017: a
/// window of one hundredth of the capacity, a segmented LRU for the rest, and a count-min sketch that decides which of
/// the two oldest entries is used more.
class TinyLfu {
 public:
  explicit TinyLfu(std::size_t capacity_bytes)
      : window_limit_bytes_(capacity_bytes / 100),
        protected_limit_bytes_((capacity_bytes - capacity_bytes / 100) / 10 * 8),
        capacity_bytes_(capacity_bytes),
        sketch_(std::bit_ceil(std::max<std::size_t>(capacity_bytes / 128, 1024))) {}
  void insert(Evictable& entry) {
    count(entry.hash);
    place(entry, kWindow);
  }
  void touch(Evictable& entry) {
    count(entry.hash);
    take(entry);
    place(entry, entry.uses == kWindow ? kWindow : kProtected);
    while (bytes_[kProtected] > protected_limit_bytes_) {
      Evictable& oldest = queues_[kProtected].front();
      take(oldest);
      place(oldest, kProbation);
    }
  }
  [[nodiscard]] std::size_t size_bytes() const { return bytes_[0] + bytes_[1] + bytes_[2]; }
  Evictable& evict() {
    // Entries that leave the window compete with the oldest one on probation.
    while (bytes_[kWindow] > window_limit_bytes_) {
      Evictable& candidate = queues_[kWindow].front();
      take(candidate);
      const bool has_room =
          bytes_[kProbation] + bytes_[kProtected] + candidate.size_bytes <= capacity_bytes_ - window_limit_bytes_;
      if (has_room || queues_[kProbation].empty()) {
        place(candidate, kProbation);
        continue;
      }
      Evictable& victim = queues_[kProbation].front();
      if (estimate(candidate.hash) <= estimate(victim.hash)) return candidate;
      take(victim);
      place(candidate, kProbation);
      return victim;
    }
    for (const std::uint8_t from : {kProbation, kProtected, kWindow}) {
      if (queues_[from].empty()) continue;
      Evictable& oldest = queues_[from].front();
      take(oldest);
      return oldest;
    }
    return queues_[kWindow].front();
  }

 private:
  static constexpr std::uint8_t kWindow = 0;
  static constexpr std::uint8_t kProbation = 1;
  static constexpr std::uint8_t kProtected = 2;

  void place(Evictable& entry, std::uint8_t where) {
    entry.uses = where;
    queues_[where].push_back(entry);
    bytes_[where] += entry.size_bytes;
  }
  void take(Evictable& entry) {
    queues_[entry.uses].erase(Queue::s_iterator_to(entry));
    bytes_[entry.uses] -= entry.size_bytes;
  }
  [[nodiscard]] std::size_t slot(std::uint64_t hash, unsigned row) const {
    constexpr std::array<std::uint64_t, 4> kMultipliers = {0x9e3779b97f4a7c15U, 0xbf58476d1ce4e5b9U,
                                                           0x94d049bb133111ebU, 0xd6e8feb86659fd93U};
    return ((hash * kMultipliers[row]) >> 32U) & (sketch_.size() - 1);
  }
  void count(std::uint64_t hash) {
    for (unsigned row = 0; row < 4; ++row) {
      std::uint8_t& counter = sketch_[slot(hash, row)][row];
      if (counter < 15) ++counter;
    }
    if (++counted_ < sketch_.size() * 10) return;
    counted_ /= 2;
    for (auto& counters : sketch_) {
      for (auto& counter : counters) counter /= 2;
    }
  }
  [[nodiscard]] int estimate(std::uint64_t hash) const {
    int least = 15;
    for (unsigned row = 0; row < 4; ++row) least = std::min<int>(least, sketch_[slot(hash, row)][row]);
    return least;
  }

  std::size_t window_limit_bytes_;
  std::size_t protected_limit_bytes_;
  std::size_t capacity_bytes_;
  std::array<Queue, 3> queues_;
  std::array<std::size_t, 3> bytes_{};
  std::vector<std::array<std::uint8_t, 4>> sketch_;
  std::size_t counted_ = 0;
};

}  // namespace stator::bench
