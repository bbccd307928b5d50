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

/// The entries of a vector index that a search looks at, those of one partition or all, with their vectors in memory
/// and, where they are many, a graph of these.
///
/// What is in memory lags behind the entries. Writes therefore note the key of each entry that they change, before they
/// write. A search takes from memory only what was not changed since, and looks at the changed entries one by one; so
/// it sees exactly the entries of its snapshot, if it takes that, the changes and what is in memory, in this order,
/// under `searching`. A job (vector_load.h) brings the vectors up to date, another one (graph_build.h) the graph.
class VectorRange {
 public:
  enum class Stage : std::uint8_t {
    kLoading,  // only the job uses the vectors
    kServing,  // searches use them
    kDropped,  // nobody does any more
  };
  using Slot = VectorBlock::Slot;

  /// `prefix`: what the keys of all entries begin with. `entries`: about how many there are.
  VectorRange(const Index& index, std::string prefix, std::uint64_t entries);

  [[nodiscard]] store::SpaceId space() const { return space_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] std::uint64_t expected_entries() const { return entries_; }
  [[nodiscard]] Stage stage() const { return stage_.load(); }
  void drop() { stage_.store(Stage::kDropped); }
  /// Unless it was dropped meanwhile.
  void serve();
  /// The memory that is set aside for it (VectorRanges).
  [[nodiscard]] std::uint64_t reserved_bytes() const { return reserved_bytes_.load(); }
  void set_reserved_bytes(std::uint64_t bytes) { reserved_bytes_.store(bytes); }

  // --- writes -------------------------------------------------------------------------------------------------
  /// To be called before the batch is written that changes the entry, under the lock of its item. Drops the range when
  /// there are more changes than it could ever catch up with.
  void note_change(std::string_view entry_key);

  // --- searches -----------------------------------------------------------------------------------------------
  [[nodiscard]] std::shared_lock<FairMutex> searching() const { return std::shared_lock(mutex_); }
  [[nodiscard]] std::vector<std::string> changed_keys() const;
  // The caller holds `searching` or is the only job.
  [[nodiscard]] const VectorBlock& block() const { return block_; }
  /// Null while there is none to be searched.
  [[nodiscard]] const VectorGraph* graph() const { return graph_is_served_ ? graph_.get() : nullptr; }
  /// The breadth of a search of the graph for `limit` vectors, so that it misses few.
  [[nodiscard]] std::size_t effort(std::size_t limit) const;
  /// What is searched for while there is no graph: its breadth is chosen by it.
  void note_query(std::span<const float> vector);

  // --- the jobs -----------------------------------------------------------------------------------------------
  /// A changed entry.
  struct Change {
    std::string key;
    std::uint64_t number = 0;  // of its last change
    /// What is stored under the key; filled in by the job. nullopt: nothing.
    std::optional<std::string> stored;
  };
  /// At most `count` changed entries.
  [[nodiscard]] std::vector<Change> next_changes(std::size_t count) const;
  /// Brings the block up to date with them, in one go, as searches wait meanwhile. They are forgotten unless they were
  /// changed again. Throws core::DamageError, std::bad_alloc; the range is of no use then.
  void apply(const std::vector<Change>& changes);
  /// For an entry that is not in the block, before the range is served.
  void put(std::string_view entry_key, std::string_view stored);

  /// The graph is made, without a vector. Throws std::exception where memory lacks.
  void begin_graph();
  [[nodiscard]] VectorGraph& graph_to_build() { return *graph_; }
  /// Adds some of the slots that it lacks, for a few milliseconds in which searches wait. Returns how many.
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
