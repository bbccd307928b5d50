#include <array>
#include <list>
#include <mutex>
#include <unordered_map>

#include "expression/syntax.h"

namespace stator::expression {
namespace {

constexpr std::size_t kShards = 16;
constexpr std::size_t kMaxEntriesPerShard = 256;
constexpr std::size_t kMaxBytesPerShard = 1024 * 1024;

struct Key {
  ExpressionKind kind;
  std::string_view text;  // into the tree itself
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    return std::hash<std::string_view>{}(key.text) * 31 + static_cast<std::size_t>(key.kind);
  }
};

struct Entry {
  ExpressionKind kind;
  SharedSyntax tree;
};

/// Least recently used entries leave first. One mutex a shard: the text's hash picks the shard, so that threads which
/// run different expressions rarely meet, and the lock is held for a lookup only, never while parsing.
class Shard {
 public:
  SharedSyntax find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->tree;
  }

  void insert(ExpressionKind kind, SharedSyntax tree) {
    const std::lock_guard lock(mutex_);
    const Key key{kind, tree->text};
    if (index_.contains(key)) return;
    size_bytes_ += tree->size_bytes();
    entries_.push_front({kind, std::move(tree)});
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
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index_;
  std::size_t size_bytes_ = 0;
};

Shard& shard_of(const Key& key) {
  static std::array<Shard, kShards> shards;
  return shards[(KeyHash{}(key) >> 7U) % kShards];
}

}  // namespace

SharedSyntax parse_cached(ExpressionKind kind, std::string_view text) {
  const Key key{kind, text};
  Shard& shard = shard_of(key);
  if (SharedSyntax tree = shard.find(key)) return tree;
  SharedSyntax tree = parse(kind, text);
  shard.insert(kind, tree);
  return tree;
}

}  // namespace stator::expression
