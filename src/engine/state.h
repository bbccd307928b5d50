#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/once.h"
#include "engine/engine.h"
#include "engine/stripes.h"
#include "engine/time_to_live.h"
#include "store/store.h"

namespace stator::engine {

/// A change of one space's counters.
struct CounterDelta {
  store::SpaceId space = 0;
  std::int64_t items = 0;
  std::int64_t size_bytes = 0;
};

/// Item counts and byte sizes of a table and its indexes, divided into parts. The row of a part holds absolute figures
/// and is written in the same batch as what it counts, so the sums are always exact. A write changes one part, whose
/// lock it holds (CounterPart). Only the sums are meaningful: an item may be subtracted from another part than it was
/// added to, so a part's figures may be below zero (modulo 2^64).
class Counters {
 public:
  static constexpr std::size_t kParts = Stripes::kCounterParts;
  /// Reads the table's rows on the first call; cheap afterwards.
  void load_once(const store::Store& store, const Table& table);
  struct Cell {
    store::SpaceId space = 0;
    std::uint64_t items = 0;
    std::uint64_t size_bytes = 0;
  };
  using Row = std::vector<Cell>;
  /// The new content of a part's row.
  struct PendingRow {
    std::size_t part = 0;
    Row row;
  };
  /// Adds the row of `part` with `deltas` applied to `batch`, and returns it for `apply`. `table` is the version that
  /// the deltas belong to; a newer one may have been published since.
  [[nodiscard]] PendingRow put_row(const Table& table, const CounterPart& part, const std::vector<CounterDelta>& deltas,
                                   store::Batch& batch) const;
  /// Makes the same change in memory after the batch was written; nothing may fail in between. The caller still holds
  /// the part.
  void apply(PendingRow&& pending) noexcept { rows_[pending.part] = std::move(pending.row); }
  /// The sums at one moment; holds the locks of all parts meanwhile.
  TableCounts sum(const Table& table, Stripes& stripes) const;

 private:
  void load(const store::Store& store, const Table& table);
  static void change(Row& row, const CounterDelta& delta);
  static Row read_row(std::string_view stored);

  core::Once loaded_;
  std::array<Row, kParts> rows_;
};

/// Sums of a table's counters that may be a second old. For estimates made in many requests, because summing waits for
/// the lock of every part.
class RecentCounts {
 public:
  explicit RecentCounts(const Counters& counters) : counters_(counters) {}
  TableCounts get(const Table& table, Stripes& stripes);

 private:
  const Counters& counters_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point until_;
  /// By space, as another version of the table may have other indexes.
  std::vector<std::pair<store::SpaceId, Counts>> spaces_;
};

/// The state that lives as long as the table: its newest version, its counters, and where searches for expired items
/// continue.
class TableState {
 public:
  /// The newest version; null if the table is gone. Cheap if `known` is still the newest. If called under a lock
  /// stripe, the result holds until the stripe is released, as a publisher calls `Stripes::barrier` before it relies on
  /// a new version.
  TablePtr newest(const TablePtr& known) const {
    const Table* current = current_.load(std::memory_order_acquire);
    if (current == known.get()) return known;
    const std::lock_guard<std::mutex> lock(mutex_);
    return owner_;
  }
  [[nodiscard]] bool is_newest(const Table& table) const { return current_.load(std::memory_order_acquire) == &table; }
  /// Whether the table is deleted; its rows may already be gone.
  [[nodiscard]] bool is_gone() const { return current_.load(std::memory_order_acquire) == nullptr; }
  /// Makes `table` the newest version; null marks the table as gone.
  void publish(TablePtr table) {
    const std::lock_guard<std::mutex> lock(mutex_);
    current_.store(table.get(), std::memory_order_release);
    owner_ = std::move(table);
  }

  Counters counters;
  RecentCounts recent_counts{counters};
  UnseenExpiry unseen_expiry;

 private:
  std::atomic<const Table*> current_{nullptr};
  mutable std::mutex mutex_;
  TablePtr owner_;
};

}  // namespace stator::engine
