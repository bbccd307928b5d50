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

/// Item counts and byte sizes of a table and its indexes, kept in parts: the row of a part holds absolute figures and
/// is written in the same batch as what it counts, so the sums are exact at all times. A write changes one
/// part, which it holds meanwhile (CounterPart). Only sums mean anything: an item may be subtracted from
/// another part than it was added to, so a part's figures may be below zero (modulo 2^64).
class Counters {
 public:
  static constexpr std::size_t kParts = Stripes::kCounterParts;
  /// Reads the table's rows, once; cheap afterwards.
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
  /// Puts into `batch` the row of `part` as it is after `deltas`, and returns it for `apply`. `table` is the version
  /// that the deltas are of; a newer one may have been published since.
  [[nodiscard]] PendingRow put_row(const Table& table, const CounterPart& part, const std::vector<CounterDelta>& deltas,
                                   store::Batch& batch) const;
  /// The same change in memory, once the batch was written: nothing may fail between the two. The caller still holds
  /// the part.
  void apply(PendingRow&& pending) noexcept { rows_[pending.part] = std::move(pending.row); }
  /// Sums of one moment; takes all parts for that long.
  TableCounts sum(const Table& table, Stripes& stripes) const;

 private:
  void load(const store::Store& store, const Table& table);
  static void change(Row& row, const CounterDelta& delta);
  static Row read_row(std::string_view stored);

  core::Once loaded_;
  std::array<Row, kParts> rows_;
};

/// Sums of a table's counters that may be a second old. For estimates in many requests: summing waits for every part
/// in turn.
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

/// What lives as long as the table: its newest version, its counters, and where searches for expired items go on.
class TableState {
 public:
  /// The newest version, cheaply where that is `known`; null where the table is gone. Read under a lock stripe, it can
  /// be relied on until the stripe is released: a publisher calls `Stripes::barrier` before it relies on the new one.
  TablePtr newest(const TablePtr& known) const {
    const Table* current = current_.load(std::memory_order_acquire);
    if (current == known.get()) return known;
    const std::lock_guard<std::mutex> lock(mutex_);
    return owner_;
  }
  [[nodiscard]] bool is_newest(const Table& table) const { return current_.load(std::memory_order_acquire) == &table; }
  /// The table is deleted; its rows may be gone already.
  [[nodiscard]] bool is_gone() const { return current_.load(std::memory_order_acquire) == nullptr; }
  /// Makes `table` the newest version; null: the table is gone.
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
