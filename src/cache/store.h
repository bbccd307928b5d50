#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cache/fence.h"
#include "cache/flight.h"

namespace stator::cache {

/// The key of an entry.
struct EntryKey {
  std::string text;
  std::uint64_t hash = 0;
};
/// `kind` separates entries of different kinds.
EntryKey make_entry_key(std::string_view table, char kind, std::string_view rest);

enum class Freshness : std::uint8_t { kAbsent, kFresh, kExpired };

struct Found {
  Freshness freshness = Freshness::kAbsent;
  Value value;
};

/// All entries, within a limit in bytes. One entry holds the values for all callers, so that a write drops them all at
/// once. Safe to use from several threads.
class Store {
 public:
  explicit Store(std::size_t capacity_bytes);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  enum class Validity : std::uint8_t {
    kUntilDropped,   // valid until a writer drops it; not found while a write is running
    kWhileMarkHolds  // found only while its mark holds
  };

  [[nodiscard]] Found find(const EntryKey& key, std::string_view caller, std::int64_t now_ms);
  /// Does nothing if the mark does not hold any more, a write to what it marks is running, or the value is too large.
  void keep(const EntryKey& key, std::string_view caller, Value value, std::int64_t expires_ms, const Mark& mark,
            Validity validity);
  void drop(const EntryKey& key);
  /// Called when a write has succeeded for which `begun` was marked at its beginning: stores `value` as the item, or
  /// drops the entry if there was another write meanwhile.
  void replace(const EntryKey& key, std::string_view caller, Value value, std::int64_t expires_ms, const Mark& begun);
  /// Called when the item was changed: to `now` if `known`, else to something unknown. Returns false if the entry is
  /// the result of that write, made through this cache. Otherwise drops the entry and returns true. The latter also
  /// applies to an equal value that was read: pages, and readers that have not cached theirs yet, may have the earlier
  /// item.
  bool note_change(const EntryKey& key, bool known, const Value& now);
  /// The same; `is_now` tells whether an item is the current one.
  bool note_change(const EntryKey& key, const std::function<bool(const Value&)>& is_now);
  void clear();

  /// A caller's part in reading something that is missing. The leader makes the request and ends it with `land` or
  /// `fail`; if it does neither, the flight is abandoned. The others wait.
  class Part {
   public:
    Part() = default;
    Part(Store* store, EntryKey key, std::string caller, std::shared_ptr<Flight> flight, bool leads);
    ~Part();
    Part(Part&& other) noexcept;
    Part& operator=(Part&&) = delete;

    /// False if there is no flight to join or lead, since the result must not be cached.
    [[nodiscard]] explicit operator bool() const { return flight_ != nullptr; }
    [[nodiscard]] bool leads() const { return leads_; }
    [[nodiscard]] const Mark& mark() const { return flight_->mark(); }
    Flight::Outcome wait(endpoint::Request::Time deadline, Value& value) { return flight_->wait(deadline, value); }
    void land(const Value& value);
    void fail(const core::ApiError& error);

   private:
    void end();
    Store* store_ = nullptr;
    EntryKey key_;
    std::string caller_;
    std::shared_ptr<Flight> flight_;
    bool leads_ = false;
  };
  [[nodiscard]] Part join(const EntryKey& key, std::string_view caller, const Mark& mark);

  struct Totals {
    std::size_t entries = 0;
    std::size_t size_bytes = 0;
    std::size_t capacity_bytes = 0;
    std::uint64_t evicted = 0;
    std::uint64_t refused = 0;  // results not stored since their mark did not hold any more
    std::uint64_t joined = 0;
  };
  [[nodiscard]] Totals totals() const;

 private:
  class Shard;
  [[nodiscard]] Shard& shard_of(const EntryKey& key);

  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace stator::cache
