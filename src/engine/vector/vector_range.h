#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/vector/fair_mutex.h"
#include "engine/vector/vector_block.h"
#include "engine/vector/vector_graph.h"

namespace stator::engine {

/// The entries of a vector index that a search looks at (those of one partition, or all), with their vectors in memory
/// and, if they are many, a graph of these.
///
/// The vectors in memory lag behind the entries. Writes therefore note the key of each entry that they change, before
/// they write. A search uses only unchanged entries from memory, and looks up the changed ones in the store. So it sees
/// exactly the entries of its snapshot, provided that it takes the snapshot, then reads the changed keys, then the
/// vectors, all under `searching`. One job (vector_load.h) keeps the vectors up to date, another one (graph_build.h)
/// the graph.
class VectorRange {
 public:
  enum class Stage : std::uint8_t {
    kLoading,  // only the job uses the vectors
    kServing,  // searches use them
    kDropped,  // unused
  };
  using Slot = VectorBlock::Slot;

  /// `prefix`: the common prefix of the entries' keys. `entries`: about how many entries there are.
  VectorRange(const Index& index, std::string prefix, std::uint64_t entries);

  [[nodiscard]] store::SpaceId space() const { return space_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] std::uint64_t expected_entries() const { return entries_; }
  [[nodiscard]] Stage stage() const { return stage_.load(); }
  void drop() { stage_.store(Stage::kDropped); }
  /// Sets the stage to kServing, unless the range was dropped meanwhile.
  void serve();
  /// The memory reserved for it (VectorRanges).
  [[nodiscard]] std::uint64_t reserved_bytes() const { return reserved_bytes_.load(); }
  void set_reserved_bytes(std::uint64_t bytes) { reserved_bytes_.store(bytes); }

  // --- writes -------------------------------------------------------------------------------------------------
  /// To be called under the lock of the entry's item, before the batch that changes the entry is written. Drops the
  /// range if there are too many changes to catch up with.
  void note_change(std::string_view entry_key);

  // --- searches -----------------------------------------------------------------------------------------------
  [[nodiscard]] std::shared_lock<FairMutex> searching() const { return std::shared_lock(mutex_); }
  [[nodiscard]] std::vector<std::string> changed_keys() const;
  // The caller holds `searching`, or is the only job of the range.
  [[nodiscard]] const VectorBlock& block() const { return block_; }
  /// Null while there is no graph to search.
  [[nodiscard]] const VectorGraph* graph() const { return graph_is_served_ ? graph_.get() : nullptr; }
  /// The effort with which a search of the graph for `limit` vectors misses few.
  [[nodiscard]] std::size_t effort(std::size_t limit) const;
  /// Notes a vector that is searched for while there is no graph. The graph's effort is measured with such vectors.
  void note_query(std::span<const float> vector);

  // --- the jobs -----------------------------------------------------------------------------------------------
  /// A changed entry.
  struct Change {
    std::string key;
    std::uint64_t number = 0;  // of the last change noted
    /// The value stored under the key, filled in by the job; nullopt if there is none.
    std::optional<std::string> stored;
  };
  /// Returns at most `count` of the changed entries.
  [[nodiscard]] std::vector<Change> next_changes(std::size_t count) const;
  /// Makes these changes in the block, all at once; searches wait meanwhile. Forgets the changes, except entries that
  /// were changed again. Throws core::DamageError, std::bad_alloc; the range is then unusable.
  void apply(const std::vector<Change>& changes);
  /// Adds an entry that is not in the block. Only before the range is served.
  void put(std::string_view entry_key, std::string_view stored);

  /// Makes an empty graph. Throws std::exception if memory is short.
  void begin_graph();
  [[nodiscard]] VectorGraph& graph_to_build() { return *graph_; }
  /// Adds missing slots to the graph for a few milliseconds, during which searches wait. Returns how many were added.
  std::size_t extend_graph();
  void serve_graph(std::size_t effort);
  void drop_graph();
  [[nodiscard]] std::vector<std::vector<float>> queries() const;

 private:
  void put_in_block(std::string_view entry_key, std::string_view stored);

  const store::SpaceId space_;
  const std::string prefix_;
  const std::uint64_t entries_;
  std::atomic<Stage> stage_{Stage::kLoading};
  std::atomic<std::uint64_t> reserved_bytes_{0};

  mutable std::mutex changes_mutex_;  // taken last
  std::unordered_map<std::string, std::uint64_t> changes_;
  std::uint64_t last_change_ = 0;
  std::vector<std::vector<float>> queries_;

  mutable FairMutex mutex_;
  VectorBlock block_;
  std::unique_ptr<VectorGraph> graph_;
  bool graph_is_served_ = false;
  std::size_t effort_ = 0;  // for kMeasuredLimit
};

}  // namespace stator::engine
