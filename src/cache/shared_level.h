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

/// A change, for the other nodes of a shared level. An empty key stands for any change in the table.
struct SharedChange {
  std::string table;
  std::string key;  // canonical
  /// For a change seen in a stream: `image_digest` of the resulting item. Empty: unknown.
  std::string image = {};
  /// For a change reported by another node: it may still take effect, or not.
  bool in_doubt = false;
};
/// Identifies an item in stored form; null: the item does not exist.
std::string image_digest(const Value& item);

/// A second level shared by several caches, in Redis or Valkey. Each item, partition and table has a token there. A
/// value is stored with the tokens under which it was read, and is valid only while they are unchanged. A write changes
/// the tokens before it goes upstream and again when it is done, and notifies the other nodes, which then drop their
/// own entries. So nodes agree without asking each other, and values in Redis become invalid without being deleted.
/// docs/cache.md, "A shared level".
///
/// Failures cause no errors: a level that cannot be reached counts as empty. While `is_up` is false, nodes do not learn
/// of each other's writes, so no entry may be used; changes made meanwhile are sent when the level is back. Safe to use
/// from several threads.
class SharedLevel {
 public:
  struct Options {
    RedisAddress address;
    /// Keeps caches of different upstreams apart.
    std::string name;
    std::chrono::milliseconds timeout{250};  // for each command
    std::int64_t settle_ms = 1'000;          // see cache::Options
    std::int64_t doubt_ms = 10'000;
    core::LogSink log = {};
    /// Called on the listener's thread for changes of other nodes.
    std::function<void(const SharedChange&)> on_change;
    /// Called when the level can be reached again: changes may have been missed before.
    std::function<void()> on_up;
  };
  explicit SharedLevel(Options options);
  ~SharedLevel();
  SharedLevel(const SharedLevel&) = delete;
  SharedLevel& operator=(const SharedLevel&) = delete;

  [[nodiscard]] bool is_up() const { return up_.load(); }
  /// Waits for at most `patience` until the level can be reached for the first time.
  void wait_until_up(std::chrono::milliseconds patience);

  /// The names of an entry in the shared level.
  struct Place {
    std::string value;  // name of its value
    std::string own;    // name of its source: an item, a partition, a table
    std::string table;
  };
  /// The tokens at the time of the look-up. Empty: a value read now must not be cached.
  struct Tokens {
    std::string own;
    std::string table;
    [[nodiscard]] bool good() const { return !own.empty(); }
  };
  struct Found {
    Tokens tokens;
    bool found = false;
    Value value;
    std::int64_t lifetime_ms = 0;  // remaining lifetime of the value
  };
  struct LookUp {
    Place place;
    bool consistent_read = false;  // the next read is strongly consistent, and so cannot return an earlier state
  };
  /// Returns one result for each look-up, in order. All of them take one round trip.
  std::vector<Found> look_up(const std::vector<LookUp>& all);
  Found look_up(const Place& place, bool consistent_read);
  struct Kept {
    Place place;
    Tokens tokens;
    Value value;
    std::int64_t lifetime_ms = 0;
    bool renews = false;  // readers that began earlier may have older results, and must not cache them any more
  };
  /// Stores those whose tokens are unchanged. All of them take one round trip.
  void keep(const std::vector<Kept>& all);
  void keep(const Place& place, const Tokens& tokens, const Value& value, std::int64_t lifetime_ms, bool renews);

  /// Begin and end a write of `changes`. `fences`: the names of what it touches; `tables`: the names of the tables of
  /// which it touches a part. `begin_write` returns those names that another write is changing, or on which an earlier
  /// write is in doubt: this node may not have been notified of it.
  std::set<std::string> begin_write(const std::vector<std::string>& fences, const std::set<std::string>& tables = {});
  void end_write(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes, bool in_doubt);

  struct Totals {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t failures = 0;
    std::uint64_t changes_received = 0;  // from other nodes
  };
  [[nodiscard]] Totals totals() const;

 private:
  struct Lease;

  /// Returns false if the level cannot be reached or refuses the command.
  bool command(const std::vector<std::string>& words);
  /// Returns one reply for each command; none if the level cannot be reached or refuses one.
  std::vector<RedisReply> commands(const std::vector<std::vector<std::string>>& all);
  /// Logs that the server is full and stores nothing new; once until the next connection.
  void log_full();
  Found read_found(const RedisReply& reply);
  [[nodiscard]] std::string run() const;
  [[nodiscard]] std::string last_fault() const;
  [[nodiscard]] std::string value_name(const std::string& name) const;
  [[nodiscard]] std::string token_name(const std::string& name) const;
  std::string fresh_token();
  void listen();
  void listen_once();
  void take_message(const std::string& message);
  /// Returns false and remembers nothing if the level can be reached.
  bool remember_missed(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes, bool in_doubt);
  /// Sends all missed changes, then allows the level to be used. Throws RedisError.
  void send_missed(RedisConnection& connection);
  std::vector<std::string> end_words(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes,
                                     bool in_doubt);

  const Options options_;
  const std::string node_;
  std::atomic<bool> up_{false};
  std::atomic<std::uint64_t> tokens_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::string run_;    // identifies the start of the server: what another server holds may lack a write
  std::string fault_;  // error of the last command that failed
  std::vector<std::unique_ptr<RedisConnection>> idle_;
  std::set<std::string> missed_fences_;
  std::vector<SharedChange> missed_changes_;
  bool missed_in_doubt_ = false;  // one of the missed changes is in doubt
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> changes_received_{0};
  bool outage_logged_ = false;             // of the listener's thread
  std::atomic<bool> full_logged_ = false;  // since the level was last connected
  std::thread listener_;
};

}  // namespace stator::cache
