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

/// The vectors that are kept in memory. A range of entries is loaded by a job when a search had to read many entries
/// from the store; until then, and where there is no room for it, searches read the store.
class VectorRanges {
 public:
  struct Limits {
    std::uint64_t load_entries = 0;   // a range is loaded from so many entries on; 0: never
    std::uint64_t graph_entries = 0;  // it gets a graph from so many on; 0: never
    /// What all ranges may take. Those that nobody searched for a minute make room for others.
    std::uint64_t size_bytes = 0;
  };
  using AddJob = std::function<void(JobOptions, std::unique_ptr<Job>)>;
  VectorRanges(store::Store& store, Stripes& stripes, Limits limits, core::LogSink log, AddJob add_job);

  /// See VectorRange::note_change. Costs nothing while there are no ranges.
  void note_change(std::string_view entry_key) {
    if (any_.load(std::memory_order_acquire)) note_change_in_range(entry_key);
  }

  /// The range that searches of these entries use; null while there is none.
  [[nodiscard]] std::shared_ptr<VectorRange> find(std::string_view prefix);
  /// A search has read all entries of the range from the store: begins to load it if it is worth while.
  void read_from_store(const VectorSearch& search, const std::string& prefix, std::uint64_t entries);

  // --- the jobs of a range ------------------------------------------------------------------------------------
  /// Searches use the range from now on, in the place of an older one. Builds its graph where it is large.
  void serve(const TablePtr& table, const Index& index, const std::shared_ptr<VectorRange>& range);
  void drop(const std::shared_ptr<VectorRange>& range);
  /// The same, and it is not loaded again within the next minute.
  void give_up(const std::shared_ptr<VectorRange>& range);
  /// Loads the range again; the new one takes this one's place when it is loaded. False where there is no room.
  bool reload(const TablePtr& table, const Index& index, const VectorRange& range);
  /// Sets so much memory aside for the range; false where there is not so much.
  [[nodiscard]] bool reserve(VectorRange& range, std::uint64_t size_bytes);
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] const core::LogSink& log() const { return log_; }

 private:
  struct Slot {
    std::shared_ptr<VectorRange> serving;
    std::shared_ptr<VectorRange> loading;
    std::atomic<std::chrono::steady_clock::time_point> searched{};
    std::chrono::steady_clock::time_point not_before;  // it is loaded again
    [[nodiscard]] bool is_empty() const { return serving == nullptr && loading == nullptr; }
  };
  using Slots = std::map<std::string, Slot, std::less<>>;  // by prefix; none is the beginning of another

  void note_change_in_range(std::string_view entry_key);
  // The caller holds mutex_ alone.
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
  bool told_of_no_room_ = false;
};

}  // namespace stator::engine
