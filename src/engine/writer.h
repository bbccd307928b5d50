#pragma once

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
    WriteOutcome outcome;
  };
  void decide(const WriteAction& action, Decision& decision) const;
  void decide_against_table(const WriteAction& action, Decision& decision) const;
  void decide_new_item(const WriteAction& action, Decision& decision) const;
  void decide_indexes(const WriteAction& action, Decision& decision) const;
  static void append(const WriteAction& action, const Decision& decision, store::Batch& batch);
  static void finish_outcome(const WriteAction& action, Decision& decision);

  store::Store& store_;
  Stripes& stripes_;
};

}  // namespace stator::engine
