#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "engine/change.h"
#include "engine/engine.h"
#include "engine/index_entry.h"
#include "engine/log/stream.h"
#include "engine/metering.h"
#include "engine/staleness.h"
#include "engine/state.h"
#include "engine/stripes.h"
#include "store/store.h"

namespace stator::engine {

class VectorRanges;
class WriteGroup;

/// Writes items: locks, reads, decides on one Change, and writes all that follows from it in one batch.
class Writer {
 public:
  /// `vectors` is notified of changed entries; `views` keeps states for stale reads; `metering` enforces throughput.
  /// Each may be null.
  Writer(store::Store& store, Stripes& stripes, const core::Clock& clock, VectorRanges* vectors = nullptr,
         PastViews* views = nullptr, Metering* metering = nullptr)
      : store_(store), stripes_(stripes), clock_(clock), vectors_(vectors), views_(views), metering_(metering) {}

  WriteOutcome write(const WriteAction& action);
  /// See Engine::write_each.
  std::vector<SeparateOutcome> write_each(std::span<const WriteAction> actions);
  TransactionOutcome transact(std::span<const WriteAction> actions, const TokenClaim* claim = nullptr);

  struct Expired {
    enum class Outcome : std::uint8_t {
      kDeleted,
      kStale,  // the item is gone or expires at another time; only the expiry row was removed
      kGone,   // the table, or the time-to-live range of the row, is gone
    };
    Outcome outcome = Outcome::kStale;
    std::size_t size_bytes = 0;  // of the deleted item
  };
  /// Deletes the item that an expiry row names, if it still expires at the row's time. Does not wait for the disk.
  /// Throws what reading and writing throw.
  Expired expire(const TablePtr& table, std::string_view expiry_key);

 private:
  friend class WriteGroup;
  /// What an action will do, decided under its lock. Not movable: the change points into itself.
  struct Decision {
    std::size_t stripe = 0;  // held by the caller
    bool writes = false;
    /// Whether the item exists; set if `read_items` has read it.
    std::optional<bool> existed;
    Change change;
    // Filled by `append`.
    std::vector<CounterDelta> counters;
    /// With metering: the key of the changed entry of each index in the outcome's capacity.
    std::vector<std::string> index_keys;
    std::optional<std::int64_t> new_expiry;  // seconds
    // These are held until the write has ended.
    PendingLogNumber log_number;
    PendingLogNumber recovery_number;
    std::vector<PendingLogNumber> delivery_numbers;
    WriteOutcome outcome;
  };
  /// Reads the items of all actions at once for `decide`, if there are several.
  void read_items(std::span<const WriteAction> actions, std::vector<Decision>& decisions) const;
  /// Reads the item, tests the condition and makes the new version. Returns the fault of an index key, if there is one.
  /// Throws what the update expression throws.
  std::optional<core::ApiError> decide(const WriteAction& action, Decision& decision) const;
  std::optional<core::ApiError> decide_against_table(const WriteAction& action, Decision& decision) const;
  static void make_new_version(const WriteAction& action, Decision& decision);
  static void update_item(const WriteAction& action, Decision& decision);

  /// Adds everything that follows from the change to the batch, except the counters, which the actions of a batch
  /// share.
  void append(Decision& decision, store::Batch& batch) const;
  static void append_item(Decision& decision, store::Batch& batch);
  void append_index_entries(Decision& decision, store::Batch& batch) const;
  void append_index_entry(const Index& index, Decision& decision, store::Batch& batch) const;
  void note_vector_change(const std::optional<IndexEntry>& before, const std::optional<IndexEntry>& after) const;
  static void append_expiry(Decision& decision, store::Batch& batch);
  static void append_log_record(Decision& decision, store::Batch& batch);
  static PendingLogNumber append_log_record(const Change& change, Stream& stream, store::Batch& batch);
  std::vector<WriteOutcome> write_in_one_batch(std::span<const WriteAction> actions);
  /// Locks the items of all actions.
  [[nodiscard]] StripesLock lock_all(std::span<const WriteAction> actions) const;
  /// The changes of one table's counters in one batch, which share one row.
  struct RowChange {
    TablePtr table;
    std::size_t stripe = 0;  // of its first item: the search for a free part begins there
    std::vector<CounterDelta> deltas;
    Counters::PendingRow after;
  };
  /// Adds the decision's counters to the table's RowChange; either all or, if it throws, none.
  static void add_counters(const Decision& decision, std::vector<RowChange>& rows);
  /// Adds the counters' rows to the batch. Returns their part, to be held until they are stored; nullopt if there are
  /// no rows.
  [[nodiscard]] std::optional<CounterPart> put_rows(std::vector<RowChange>& rows, store::Batch& batch) const;
  /// Writes the batch, which has the writes of `callers` callers, then updates the counters in memory, which cannot
  /// fail.
  void store(std::vector<RowChange>& rows, store::Batch& batch, std::size_t callers) const;
  /// The same for one caller; also notes new expiry times.
  void store_all(const std::vector<Decision>& decisions, std::vector<RowChange>& rows, store::Batch& batch) const;
  /// The units that the action takes from the table and its indexes; only from the table if the condition failed or
  /// nothing is written. The keys are views into the decision.
  static std::vector<UnitsUse> uses_of(const Decision& decision, double table_factor);
  void keep_view() const {
    if (views_ != nullptr) views_->keep();
  }
  /// To be called after the write.
  static void note_expiry(const Table& table, std::optional<std::int64_t> new_expiry);
  static void finish_outcome(const WriteAction& action, Decision& decision);
  std::vector<CancellationReason> take_units(const std::vector<Decision>& decisions) const;
  std::vector<CancellationReason> decide_all(std::span<const WriteAction> actions,
                                             std::vector<Decision>& decisions) const;

  store::Store& store_;
  Stripes& stripes_;
  const core::Clock& clock_;
  VectorRanges* const vectors_;
  PastViews* const views_;
  Metering* const metering_;
};

}  // namespace stator::engine
