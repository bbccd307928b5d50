#pragma once

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

/// The cache's eviction policy.
namespace stator::cache {

/// The base class of entries in an eviction queue.
struct Evictable : boost::intrusive::list_base_hook<> {
  std::uint64_t hash = 0;      // of the entry's key
  std::size_t size_bytes = 0;  // the size charged; of queued entries, changed only by `resize`
  std::uint8_t uses = 0;       // since it last moved; at most kMostUses
  bool in_main = false;
};

/// S3-FIFO: a new entry is put into a small queue, and moves on to the main queue only if it is used there. The hashes
/// of entries that were not are remembered for a while, and a key that soon returns goes directly to the main queue. A
/// hit writes one byte and moves nothing. Chosen by measurement (bench/README.md, "Caches"). Source: Yang and others,
/// "FIFO queues are all you need for cache eviction", SOSP 2023. Not safe to use from two threads at once.
class EvictionQueue {
 public:
  explicit EvictionQueue(std::size_t capacity_bytes)
      : small_limit_bytes_(capacity_bytes / 10), forgotten_(slots_for(capacity_bytes)) {}

  void insert(Evictable& entry) {
    entry.uses = 0;
    entry.in_main = was_forgotten(entry.hash);
    push(entry);
  }
  static void touch(Evictable& entry) {
    if (entry.uses < kMostUses) ++entry.uses;
  }
  void remove(Evictable& entry) {
    (entry.in_main ? main_ : small_).erase(Queue::s_iterator_to(entry));
    (entry.in_main ? main_bytes_ : small_bytes_) -= entry.size_bytes;
  }
  void resize(Evictable& entry, std::size_t size_bytes) {
    std::size_t& bytes = entry.in_main ? main_bytes_ : small_bytes_;
    bytes += size_bytes - entry.size_bytes;
    entry.size_bytes = size_bytes;
  }
  [[nodiscard]] std::size_t size_bytes() const { return small_bytes_ + main_bytes_; }
  [[nodiscard]] bool empty() const { return small_.empty() && main_.empty(); }

  /// Removes and returns the next entry to evict. There must be one.
  Evictable& evict() {
    assert(!empty());
    while (true) {
      if (!small_.empty() && (small_bytes_ > small_limit_bytes_ || main_.empty())) {
        Evictable& oldest = small_.front();
        remove(oldest);
        if (oldest.uses == 0) {
          remember(oldest.hash);
          return oldest;
        }
        oldest.uses = 0;
        oldest.in_main = true;
        push(oldest);
      } else {
        Evictable& oldest = main_.front();
        remove(oldest);
        if (oldest.uses == 0) return oldest;
        --oldest.uses;
        push(oldest);
      }
    }
  }

 private:
  using Queue = boost::intrusive::list<Evictable>;
  static constexpr std::uint8_t kMostUses = 3;
  static constexpr std::size_t kBytesPerSlot = 1024;

  /// The upper half of an evicted entry's hash, and its number among the evictions; a later hash in the same slot
  /// replaces it.
  struct Forgotten {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;
  };

  static std::size_t slots_for(std::size_t capacity_bytes) {
    std::size_t slots = 64;
    while (slots < capacity_bytes / kBytesPerSlot) slots *= 2;
    return slots;
  }
  void push(Evictable& entry) {
    (entry.in_main ? main_ : small_).push_back(entry);
    (entry.in_main ? main_bytes_ : small_bytes_) += entry.size_bytes;
  }
  void remember(std::uint64_t hash) {
    forgotten_[hash % forgotten_.size()] = {static_cast<std::uint32_t>(hash >> 32U), ++forgotten_count_};
  }
  [[nodiscard]] bool was_forgotten(std::uint64_t hash) const {
    const Forgotten& slot = forgotten_[hash % forgotten_.size()];
    // As many as the main queue has entries: these would still be cached if the whole capacity were one queue.
    const auto lately = static_cast<std::uint32_t>(std::max<std::size_t>(main_.size(), 16));
    return slot.number != 0 && slot.hash == static_cast<std::uint32_t>(hash >> 32U) &&
           forgotten_count_ - slot.number < lately;
  }

  std::size_t small_limit_bytes_;
  Queue small_;
  Queue main_;
  std::size_t small_bytes_ = 0;
  std::size_t main_bytes_ = 0;
  std::vector<Forgotten> forgotten_;
  std::uint32_t forgotten_count_ = 0;
};

}  // namespace stator::cache
