#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace stator::expression {

/// A bounded cache of parsed texts, shared by all threads; evicts the least recently used. `Tree` has a constant string
/// `text`, and `size_bytes()`. There is one mutex per shard. The text's hash selects the shard, so that threads with
/// different texts rarely contend, and the lock is held only for a look-up, never while parsing.
template <class Tree>
class TextCache {
 public:
  using Shared = std::shared_ptr<const Tree>;

  /// Returns the tree of a text of that kind (a number defined by the caller), or null.
  Shared find(std::size_t kind, std::string_view text) {
    const Key key{kind, text};
    return shard_of(key).find(key);
  }
  void insert(std::size_t kind, Shared tree) {
    const Key key{kind, tree->text};
    shard_of(key).insert(key, std::move(tree));
  }

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kMaxEntriesPerShard = 256;
  static constexpr std::size_t kMaxBytesPerShard = 1024 * 1024;

  struct Key {
    std::size_t kind;
    std::string_view text;  // view into the tree
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return std::hash<std::string_view>{}(key.text) * 31 + key.kind; }
  };
  struct Entry {
    std::size_t kind;
    Shared tree;
  };

  class Shard {
   public:
    Shared find(const Key& key) {
      const std::lock_guard lock(mutex_);
      const auto found = index_.find(key);
      if (found == index_.end()) return nullptr;
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->tree;
    }

    void insert(const Key& key, Shared tree) {
      const std::lock_guard lock(mutex_);
      if (index_.contains(key)) return;
      size_bytes_ += tree->size_bytes();
      entries_.push_front({key.kind, std::move(tree)});
      index_.emplace(key, entries_.begin());
      while (entries_.size() > kMaxEntriesPerShard || size_bytes_ > kMaxBytesPerShard) {
        const Entry& last = entries_.back();
        size_bytes_ -= last.tree->size_bytes();
        index_.erase(Key{last.kind, last.tree->text});
        entries_.pop_back();
      }
    }

   private:
    std::mutex mutex_;
    std::list<Entry> entries_;
    std::unordered_map<Key, typename std::list<Entry>::iterator, KeyHash> index_;
    std::size_t size_bytes_ = 0;
  };

  Shard& shard_of(const Key& key) { return shards_[(KeyHash{}(key) >> 7U) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace stator::expression
