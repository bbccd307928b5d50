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

/// Counts many keys in bounded memory, so that those that come most often are found: Space-Saving (Metwally, Agrawal,
/// El Abbadi 2005). A key that was let go and comes back takes over the smallest count. Safe to use from several
/// threads.
class TopKeys {
 public:
  /// So many keys are kept. One that makes up more than 1/kKept of all that came is among them.
  static constexpr std::size_t kKept = 1000;

  struct Count {
    std::string key;
    std::uint64_t count = 0;  // at least as often as it came
    std::uint64_t error = 0;  // and at most so much more
  };

  void note(std::string_view key);
  /// The greatest counts, at most `limit`.
  [[nodiscard]] std::vector<Count> top(std::size_t limit) const;

 private:
  void sink(std::size_t at);
  void swap(std::size_t one, std::size_t other);

  mutable std::mutex mutex_;
  std::vector<Count> heap_;  // the smallest count first
  std::unordered_map<std::string, std::size_t> places_;
};

/// Reads and writes of items since contributor insights were enabled, in memory alone. A write counts also where its
/// condition fails; a page counts each item that was read for it.
class AccessCounts {
 public:
  /// `key` as it is stored: of the table, or of an entry of `index`.
  void note(const Table& table, const Index* index, std::string_view key);

  struct Count {
    /// {"pk": {"S": "a"}}: of the partition key, or of the whole key.
    std::string key_json;
    std::uint64_t count = 0;
    std::uint64_t error = 0;
  };
  struct Report {
    std::uint64_t accesses = 0;
    std::vector<Count> partitions;
    std::vector<Count> items;  // empty where there is no sort key
  };
  [[nodiscard]] Report report(const Table& table, const Index* index, std::size_t limit) const;

 private:
  TopKeys partitions_;
  TopKeys items_;
  mutable std::mutex mutex_;
  std::uint64_t accesses_ = 0;
};

}  // namespace stator::engine
