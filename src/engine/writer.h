#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/index_entry.h"
#include "engine/state.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

/// Writes items: lock, read, decide, write one batch.
class Writer {
 public:
  Writer(store::Store& store, Stripes& stripes) : store_(store), stripes_(stripes) {}

  WriteOutcome write(const WriteAction& action);
  std::vector<WriteOutcome> transact(std::span<const WriteAction> actions, const TokenClaim* claim = nullptr);

  struct Expired {
    enum class Outcome : std::uint8_t {
      kDeleted,
      kStale,  // the item is gone or expires at another time; only the row was removed
      kGone,   // the table is gone, or has another time-to-live range than the one of the row
    };
    Outcome outcome = Outcome::kStale;
    std::size_t size_bytes = 0;  // of the item that was deleted
  };
  /// Deletes the item that a row of the time-to-live range names, if it still expires when the row says. Does not wait
  /// for the disk. Throws what reading and writing throw.
  Expired expire(const TablePtr& table, std::string_view expiry_key);

 private:
  /// What one action comes to, decided under its lock.
  struct Decision {
    TablePtr table;  // the newest version
    std::size_t stripe = 0;
    std::string old_value;  // as stored; empty: there was no item
    std::string_view old_json;
    std::string updated_json;  // kUpdate
    std::string_view new_json;
    bool writes = false;  // kConditionCheck and deleting nothing do not
    bool in_transaction = false;
    struct IndexChange {
      store::SpaceId space = 0;
      std::string removed_key;  // empty: none
      std::optional<IndexEntry> put;
    };
    std::vector<IndexChange> index_changes;
    std::vector<CounterDelta> counters;
    // Of tables with a time to live; seconds.
    std::optional<std::int64_t> old_expiry;
    std::optional<std::int64_t> new_expiry;
    WriteOutcome outcome;
  };
  void decide(const WriteAction& action, Decision& decision) const;
  void decide_against_table(const WriteAction& action, Decision& decision) const;
  void decide_new_item(const WriteAction& action, Decision& decision) const;
  void decide_ranges(const WriteAction& action, Decision& decision) const;
  void decide_indexes(const WriteAction& action, const json::Item& old_item, const json::Item& new_item,
                      Decision& decision) const;
  static void append(const WriteAction& action, const Decision& decision, store::Batch& batch);
  static void append_expiry(const WriteAction& action, const Decision& decision, store::Batch& batch);
  static void note_expiry(const Decision& decision);
  static void finish_outcome(const WriteAction& action, Decision& decision);

  store::Store& store_;
  Stripes& stripes_;
};

}  // namespace stator::engine
