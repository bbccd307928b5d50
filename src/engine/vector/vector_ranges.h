#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "core/log_sink.h"
#include "engine/engine.h"
#include "engine/jobs.h"
#include "engine/stripes.h"
#include "engine/vector/vector_range.h"
#include "store/store.h"

namespace stator::engine {

/// The vectors that are kept in memory. After a search had to read many entries of a range from the store, a job loads
/// the range. Until then, or if there is no room for it, searches read the store.
class VectorRanges {
 public:
  struct Limits {
    std::uint64_t load_entries = 0;   // ranges of at least so many entries are loaded; 0: none
    std::uint64_t graph_entries = 0;  // ranges of at least so many entries get a graph; 0: none
    /// The memory that all ranges may take. Ranges that were not searched for a minute make room for others.
    std::uint64_t size_bytes = 0;
  };
  using AddJob = std::function<void(JobOptions, std::unique_ptr<Job>)>;
  VectorRanges(store::Store& store, Stripes& stripes, Limits limits, core::LogSink log, AddJob add_job);

  /// See VectorRange::note_change. Costs nothing while there are no ranges.
  void note_change(std::string_view entry_key) {
    if (any_.load(std::memory_order_acquire)) note_change_in_range(entry_key);
  }

  /// The range that searches of these entries can use; null if there is none.
  [[nodiscard]] std::shared_ptr<VectorRange> find(std::string_view prefix);
  /// To be called after a search has read all entries of a range from the store; begins to load the range if that is
  /// worthwhile.
  void note_store_read(const VectorSearch& search, const std::string& prefix, std::uint64_t entries);

  // --- the jobs of a range ------------------------------------------------------------------------------------
  /// Makes searches use the range, instead of an older one. Begins to build a graph if the range is large.
  void serve(const TablePtr& table, const Index& index, const std::shared_ptr<VectorRange>& range);
  void drop(const std::shared_ptr<VectorRange>& range);
  /// The same; the range is not loaded again within the next minute.
  void drop_for_a_minute(const std::shared_ptr<VectorRange>& range);
  /// Begins to load the range again; once loaded, the new range replaces this one. False if there is no room.
  bool reload(const TablePtr& table, const Index& index, const VectorRange& range);
  /// Reserves `size_bytes` of memory for the range; false if there is not that much.
  [[nodiscard]] bool reserve(VectorRange& range, std::uint64_t size_bytes);
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] const core::LogSink& log() const { return log_; }

 private:
  struct Slot {
    std::shared_ptr<VectorRange> serving;
    std::shared_ptr<VectorRange> loading;
    std::atomic<std::chrono::steady_clock::time_point> searched{};
    std::chrono::steady_clock::time_point not_before;  // when it may be loaded again
    [[nodiscard]] bool is_empty() const { return serving == nullptr && loading == nullptr; }
  };
  using Slots = std::map<std::string, Slot, std::less<>>;  // by prefix; none is a prefix of another

  void note_change_in_range(std::string_view entry_key);
  // The caller holds mutex_ exclusively.
  void begin(const TablePtr& table, const Index& index, Slot& slot, const std::string& prefix, std::uint64_t entries);
  [[nodiscard]] bool make_room(std::uint64_t size_bytes, const VectorRange* grown);
  void remove_if_empty(Slots::iterator slot);
  void remove_from_slot(const std::shared_ptr<VectorRange>& range, std::chrono::steady_clock::time_point not_before);

  store::Store& store_;
  Stripes& stripes_;
  const Limits limits_;
  const core::LogSink log_;
  const AddJob add_job_;
  std::atomic<bool> any_ = false;
  std::shared_mutex mutex_;
  Slots slots_;
  bool logged_no_room_ = false;
};

}  // namespace stator::engine
