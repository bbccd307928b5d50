#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/vector/vector_block.h"

namespace stator::engine {

/// A graph of the vectors in a block's first slots, with edges between vectors that are near each other (HNSW, by the
/// library hnswlib). Finds the vectors nearest to a query by following edges instead of looking at all of them, and may
/// miss some.
/// Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
/// Small World graphs", 2016.
///
/// Several threads may search at the same time; changes need exclusive access.
class VectorGraph {
 public:
  using Slot = VectorBlock::Slot;

  /// Makes an empty graph with room for `capacity` vectors. `block` must outlive it. Throws std::exception if memory is
  /// short.
  VectorGraph(const VectorBlock& block, std::size_t capacity);
  ~VectorGraph();
  VectorGraph(const VectorGraph&) = delete;
  VectorGraph& operator=(const VectorGraph&) = delete;

  /// The number of the block's slots that were added.
  [[nodiscard]] std::size_t slots() const { return slots_; }
  /// Adds the block's next slot. Throws std::exception if memory is short; the graph is then unusable.
  void add();
  [[nodiscard]] std::uint64_t size_bytes() const;

  struct Found {
    std::vector<Slot> slots;  // nearest first, none of them obsolete
    /// Whether fewer vectors than asked for could be reached.
    bool exhausted = false;
  };
  /// The nearest vectors found by a search of breadth `effort`: at most that many, without the obsolete ones.
  [[nodiscard]] Found nearest(const std::vector<float>& query, std::size_t effort) const;

 private:
  struct Library;
  const VectorBlock& block_;
  std::size_t slots_ = 0;
  std::unique_ptr<Library> library_;
};

}  // namespace stator::engine
