#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cache/flight.h"
#include "cache/redis.h"
#include "core/log_sink.h"

namespace stator::cache {

/// A change, for the other nodes of a shared level. An empty key: anything in the table.
struct SharedChange {
  std::string table;
  std::string key;  // canonical
  /// Of a change that was seen in a stream: `image_digest` of the item it left. Empty: that is not known.
  std::string image = {};
  /// Of a change that another node told of: it may still happen, or not.
  bool in_doubt = false;
};
/// Identifies an item in stored form; null: there is none.
std::string image_digest(const Value& item);

/// A second level that several caches share, in Redis or Valkey. Each item, partition and table has a token there; a
/// value is kept with the tokens under which it was read, and is good only while they stay the same. A write changes
/// the tokens before it goes upstream and again when it is done, and notifies the other nodes, which drop what they
/// hold themselves. So nodes agree without asking each other, and nothing in Redis has to be deleted to be void.
/// docs/cache.md, "A shared level".
///
/// Failures cause no errors: a level that cannot be reached counts as empty. While `is_up` is false, nodes do not learn
/// of each other's writes, so that no entry may be used; the changes made meanwhile are sent when it is back. Safe to
/// use from several threads.
class SharedLevel {
 public:
  struct Options {
    RedisAddress address;
    /// Keeps caches of different upstreams apart.
    std::string name;
    std::chrono::milliseconds timeout{250};  // of each command
    std::int64_t settle_ms = 1'000;          // see cache::Options
    std::int64_t doubt_ms = 10'000;
    core::LogSink log = {};
    /// Called on the listener's thread for changes of other nodes.
    std::function<void(const SharedChange&)> on_change;
    /// Called when the level can be reached again: changes may have been missed until now.
    std::function<void()> on_up;
  };
  explicit SharedLevel(Options options);
  ~SharedLevel();
  SharedLevel(const SharedLevel&) = delete;
  SharedLevel& operator=(const SharedLevel&) = delete;

  [[nodiscard]] bool is_up() const { return up_.load(); }
  /// The first time: at most `patience`.
  void wait_until_up(std::chrono::milliseconds patience);

  /// An entry's names in the shared level.
  struct Place {
    std::string value;  // its own name
    std::string own;    // what it was read from: an item, a partition, a table
    std::string table;
  };
  /// The tokens at the time of the look-up. Empty: a value read now must not be kept.
  struct Tokens {
    std::string own;
    std::string table;
    [[nodiscard]] bool good() const { return !own.empty(); }
  };
  struct Found {
    Tokens tokens;
    bool found = false;
    Value value;
    std::int64_t lifetime_ms = 0;  // what is left of the value's
  };
  struct LookUp {
    Place place;
    bool consistent_read = false;  // what is read next is not the upstream's past
  };
  /// One for each, in their order. However many they are, they take one way to the level and back.
  std::vector<Found> look_up(const std::vector<LookUp>& all);
  Found look_up(const Place& place, bool consistent_read);
  struct Kept {
    Place place;
    Tokens tokens;
    Value value;
    std::int64_t lifetime_ms = 0;
    bool renews = false;  // readers who began before may know less, and may keep nothing any more
  };
  /// Leaves out those whose tokens are others by now. They, too, take one way.
  void keep(const std::vector<Kept>& all);
  void keep(const Place& place, const Tokens& tokens, const Value& value, std::int64_t lifetime_ms, bool renews);

  /// Begin and end of a write of `changes`; `fences`: the names of what it touches, `tables`: of the tables that it
  /// touches a part of. Returns those of them that another write is changing, or on which an earlier one is in doubt:
  /// this node may not have been told of it.
  std::set<std::string> begin_write(const std::vector<std::string>& fences, const std::set<std::string>& tables = {});
  void end_write(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes, bool in_doubt);

  struct Totals {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t failures = 0;
    std::uint64_t told = 0;  // changes received from other nodes
  };
  [[nodiscard]] Totals totals() const;

 private:
  struct Lease;

  /// False where the level cannot be reached, or refused.
  bool command(const std::vector<std::string>& words);
  /// A reply for each; none where the level cannot be reached, or refused one.
  std::vector<RedisReply> commands(const std::vector<std::vector<std::string>>& all);
  Found read_found(const RedisReply& reply);
  [[nodiscard]] std::string run() const;
  [[nodiscard]] std::string last_fault() const;
  [[nodiscard]] std::string value_name(const std::string& name) const;
  [[nodiscard]] std::string token_name(const std::string& name) const;
  std::string fresh_token();
  void listen();
  void listen_once();
  void take_message(const std::string& message);
  /// False, with nothing remembered, where the level can be reached.
  bool remember_missed(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes, bool in_doubt);
  /// Tells all of it, and lets the level be used from then on. Throws RedisError.
  void tell_missed(RedisConnection& connection);
  std::vector<std::string> end_words(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes,
                                     bool in_doubt);

  const Options options_;
  const std::string node_;
  std::atomic<bool> up_{false};
  std::atomic<std::uint64_t> tokens_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::string run_;    // which start of the server it is: what another one holds may lack a write
  std::string fault_;  // of the last command that failed
  std::vector<std::unique_ptr<RedisConnection>> idle_;
  std::set<std::string> missed_fences_;
  std::vector<SharedChange> missed_changes_;
  bool missed_in_doubt_ = false;  // one of them is
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> told_{0};
  bool outage_told_ = false;  // of the listener's thread
  std::thread listener_;
};

}  // namespace stator::cache
