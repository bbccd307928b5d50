#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/table.h"

/// Which keys of a table or index are accessed most, for contributor insights.
namespace stator::engine {

/// Finds the most frequent of many keys in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi 2005). A key that
/// is not among those kept replaces the one with the smallest count and continues from that count. Safe to use from
/// several threads.
class TopKeys {
 public:
  /// The number of keys kept. A key that makes up more than 1/kKept of all accesses is among them.
  static constexpr std::size_t kKept = 1000;

  struct Count {
    std::string key;
    std::uint64_t count = 0;  // not below the true count
    std::uint64_t error = 0;  // by how much `count` may exceed the true count
  };

  void note(std::string_view key);
  /// The `limit` greatest counts, or all if there are fewer.
  [[nodiscard]] std::vector<Count> top(std::size_t limit) const;

 private:
  void sink(std::size_t at);
  void swap(std::size_t one, std::size_t other);

  mutable std::mutex mutex_;
  std::vector<Count> heap_;  // the smallest count is at the top
  std::unordered_map<std::string, std::size_t> places_;
};

/// Counts the accesses to items since contributor insights were enabled; kept in memory only. A write counts even if
/// its condition fails; a page counts each item read for it.
class AccessCounts {
 public:
  /// `key`: the stored key of an item, or of an entry of `index`.
  void note(const Table& table, const Index* index, std::string_view key);

  struct Count {
    /// {"pk": {"S": "a"}}: the partition key, or the whole key.
    std::string key_json;
    std::uint64_t count = 0;
    std::uint64_t error = 0;
  };
  struct Report {
    std::uint64_t accesses = 0;
    std::vector<Count> partitions;
    std::vector<Count> items;  // empty without a sort key
  };
  [[nodiscard]] Report report(const Table& table, const Index* index, std::size_t limit) const;

 private:
  TopKeys partitions_;
  TopKeys items_;
  mutable std::mutex mutex_;
  std::uint64_t accesses_ = 0;
};

}  // namespace stator::engine
