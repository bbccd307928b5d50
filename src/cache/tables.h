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

/// What must be known of a table.
struct Schema {
  /// Its TableId, or else its ARN and when it was created, which tells it from tables of that name in other accounts,
  /// at other upstreams of that address, and of other times; empty where the upstream names neither.
  std::string identity;
  std::string partition_key;
  std::string sort_key;  // empty: none
  std::set<std::string, std::less<>> local_indexes;

  [[nodiscard]] std::size_t key_size() const { return sort_key.empty() ? 1 : 2; }
  bool operator==(const Schema&) const = default;
};

/// How requests of one kind were answered. By key for BatchGetItem.
struct Counters {
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> misses{0};
  std::atomic<std::uint64_t> stale{0};
  std::atomic<std::uint64_t> passed{0};
};

/// A table that requests were made to. Lives as long as the cache does.
struct Table {
  explicit Table(std::string table_name) : name(std::move(table_name)) {}

  const std::string name;
  std::array<std::int64_t, kReadKinds> lifetimes_ms{};
  std::array<Counters, kReadKinds> counters;
  /// For writes to the table, and other changes of it, that do not name their items.
  Fence whole;
  /// For writes to any of its items.
  Fence any_item;
  /// Null: not known yet, or not any more.
  std::atomic<const Schema*> schema{nullptr};
  /// The last one that was known, and since when. Of `Tables`.
  const Schema* last_schema = nullptr;
  std::int64_t learnt_ms = 0;

  /// Of the stream that has the changes of other writers.
  std::atomic<bool> followed{false};
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> dropped{0};  // entries, or running reads, that a record invalidated
  std::atomic<std::int64_t> lag_ms{0};    // of the last record: from the change until it was known here

  [[nodiscard]] std::int64_t lifetime_ms(ReadKind kind) const { return lifetimes_ms[static_cast<std::size_t>(kind)]; }
  Counters& count(ReadKind kind) { return counters[static_cast<std::size_t>(kind)]; }
};

/// The tables by name, with their key schemas, which are learnt from the upstream's DescribeTable. From any thread.
class Tables {
 public:
  explicit Tables(const Options& options) : options_(options) {}

  /// Null where it is not known, or its schema is not.
  [[nodiscard]] Table* find(std::string_view name) const;
  /// The same, with or without a known schema: for writes.
  [[nodiscard]] Table* find_any(std::string_view name) const;
  /// The same; asks `upstream` on behalf of `request` where it is not known. Who needs the same table meanwhile waits
  /// for that answer, other tables do not. Null where it says nothing: it is not asked again for a moment then.
  Table* learn(std::string_view name, endpoint::Endpoint& upstream, const endpoint::Request& request);
  /// To be called when the table may have another schema, or be gone.
  void forget_schema(std::string_view name);
  /// To be called when a key does not fit the schema: the table may have been made anew with another one. Asks
  /// `upstream` again, if that was not a moment ago. Where it says nothing, what is known stays.
  void doubt_schema(Table& table, endpoint::Endpoint& upstream, const endpoint::Request& request);
  /// Called before another schema of a table is used. To be set before the first request.
  std::function<void(const Table&)> on_another;
  /// In order of their names.
  [[nodiscard]] std::vector<Table*> all() const;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  /// A table's description that is being asked for.
  struct Question {
    std::condition_variable answered;  // under learning_
    bool is_answered = false;
  };
  /// Waits for the answer, at most until `deadline`.
  Table* await(std::string_view name, const std::shared_ptr<Question>& question, endpoint::Request::Time deadline,
               std::unique_lock<std::mutex>& lock) const;
  /// Keeps what was learnt. Null where it may be out of date already, or there are too many tables.
  Table* add(std::string_view name, Schema schema, std::optional<std::uint64_t> version);
  /// Tells `on_another` where the table had another schema. Under learning_.
  void tell_another(std::string_view name, const Schema& schema) const;

  const Options& options_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Table>, NameHash, std::equal_to<>> tables_;
  std::mutex learning_;
  std::map<std::string, std::int64_t, std::less<>> unknown_until_ms_;        // under learning_
  std::map<std::string, std::shared_ptr<Question>, std::less<>> questions_;  // under learning_
  std::vector<std::unique_ptr<const Schema>> schemas_;  // under learning_; those of old may be in use
};

}  // namespace stator::cache
