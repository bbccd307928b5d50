#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cache/fence.h"
#include "cache/options.h"
#include "endpoint/endpoint.h"

namespace stator::cache {

/// What the cache must know of a table.
struct Schema {
  /// Its TableId, or else its ARN and creation time. Distinguishes it from tables of the same name in other accounts,
  /// at other upstreams with the same address, and at other times; empty if the upstream reports neither.
  std::string identity;
  std::string partition_key;
  std::string sort_key;  // empty if there is none
  std::set<std::string, std::less<>> local_indexes;

  [[nodiscard]] std::size_t key_size() const { return sort_key.empty() ? 1 : 2; }
  bool operator==(const Schema&) const = default;
};

/// How requests of one kind were answered. BatchGetItem is counted by key.
struct Counters {
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> misses{0};
  std::atomic<std::uint64_t> stale{0};
  std::atomic<std::uint64_t> passed{0};
};

/// A table that requests were made to. Lives as long as the cache.
struct Table {
  explicit Table(std::string table_name) : name(std::move(table_name)) {}

  const std::string name;
  std::array<std::int64_t, kReadKinds> lifetimes_ms{};
  std::array<Counters, kReadKinds> counters;
  /// For writes to the table, and other changes of it, that do not name items.
  Fence whole;
  /// For writes to any of its items.
  Fence any_item;
  /// Null: not known, or not any more.
  std::atomic<const Schema*> schema{nullptr};
  /// The last known schema, and when it was last learnt or doubted. Managed by `Tables`.
  const Schema* last_schema = nullptr;
  std::int64_t learnt_ms = 0;

  /// About the stream with the changes of other writers.
  std::atomic<bool> followed{false};
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> dropped{0};  // entries or running reads invalidated by a record
  std::atomic<std::int64_t> lag_ms{0};    // of the last record: from the change until it was known here

  [[nodiscard]] std::int64_t lifetime_ms(ReadKind kind) const { return lifetimes_ms[static_cast<std::size_t>(kind)]; }
  Counters& count(ReadKind kind) { return counters[static_cast<std::size_t>(kind)]; }
};

/// The tables by name, with their key schemas, which are learnt from the upstream's DescribeTable. Safe to use from any
/// thread.
class Tables {
 public:
  explicit Tables(const Options& options) : options_(options) {}

  /// Returns null if the table or its schema is unknown.
  [[nodiscard]] Table* find(std::string_view name) const;
  /// Returns null only if the table is unknown, with or without a schema: for writes.
  [[nodiscard]] Table* find_any(std::string_view name) const;
  /// Like `find`, but asks `upstream` on behalf of `request` if the table is unknown. Others that need the same table
  /// meanwhile wait for that answer; other tables do not wait. Null if there is no answer: it is then not asked again
  /// for a moment.
  Table* learn(std::string_view name, endpoint::Endpoint& upstream, const endpoint::Request& request);
  /// Call this when the table may have another schema, or be gone.
  void forget_schema(std::string_view name);
  /// Call this when a key does not fit the schema: the table may have been replaced by one with another schema. Asks
  /// `upstream` again, unless it did so a moment ago. If there is no answer, the known schema stays.
  void doubt_schema(Table& table, endpoint::Endpoint& upstream, const endpoint::Request& request);
  /// Called before another schema of a table is used. Set this before the first request.
  std::function<void(const Table&)> on_new_schema;
  /// Sorted by name.
  [[nodiscard]] std::vector<Table*> all() const;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  /// A running request for a table's description.
  struct Question {
    std::condition_variable answered;  // guarded by learning_
    bool is_answered = false;
  };
  /// Waits for the answer, until `deadline` at the latest.
  Table* wait_for_answer(std::string_view name, const std::shared_ptr<Question>& question,
                         endpoint::Request::Time deadline, std::unique_lock<std::mutex>& lock) const;
  /// Stores a schema. Returns null if it may be out of date already, or if there are too many tables.
  Table* add(std::string_view name, Schema schema, std::optional<std::uint64_t> version);
  /// Calls `on_new_schema` if the table had another schema. Called with learning_ held.
  void notify_new_schema(std::string_view name, const Schema& schema) const;

  const Options& options_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Table>, NameHash, std::equal_to<>> tables_;
  std::mutex learning_;
  std::map<std::string, std::int64_t, std::less<>> unknown_until_ms_;        // guarded by learning_
  std::map<std::string, std::shared_ptr<Question>, std::less<>> questions_;  // guarded by learning_
  std::vector<std::unique_ptr<const Schema>> schemas_;  // guarded by learning_; old ones may still be in use
};

}  // namespace stator::cache
