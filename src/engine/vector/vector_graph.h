#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/vector/vector_block.h"

namespace stator::engine {

/// A graph of a block's vectors with edges between those that are near each other (HNSW, by the library hnswlib): finds
/// vectors near another by following edges, without looking at all of them. It may miss some. It has the vectors of the
/// block's first slots.
/// Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
/// Small World graphs", 2016.
///
/// Several threads may search at the same time; changes need the graph alone.
class VectorGraph {
 public:
  using Slot = VectorBlock::Slot;

  /// Without a vector, with room for `capacity`. `block` must outlive it. Throws std::exception where memory lacks.
  VectorGraph(const VectorBlock& block, std::size_t capacity);
  ~VectorGraph();
  VectorGraph(const VectorGraph&) = delete;
  VectorGraph& operator=(const VectorGraph&) = delete;

  /// How many slots it has.
  [[nodiscard]] std::size_t slots() const { return slots_; }
  /// Adds the next slot. Throws std::exception where memory lacks; the graph is of no use then.
  void add();
  [[nodiscard]] std::uint64_t size_bytes() const;

  struct Found {
    std::vector<Slot> slots;  // nearest first, none of them obsolete
    /// There are not as many vectors as were asked for, or no edges lead to more.
    bool exhausted = false;
  };
  /// The nearest `effort` vectors that a search of this breadth comes across, less those that are obsolete.
  [[nodiscard]] Found nearest(const std::vector<float>& query, std::size_t effort) const;

 private:
  struct Library;
  const VectorBlock& block_;
  std::size_t slots_ = 0;
  std::unique_ptr<Library> library_;
};

}  // namespace stator::engine
