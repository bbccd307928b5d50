#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "engine/vector/vector_block.h"
#include "engine/vector/vector_graph.h"

namespace stator::engine {

/// How many nearest vectors a search asks for when efforts are measured.
inline constexpr std::size_t kMeasuredLimit = 10;

/// Finds the smallest effort (breadth of a search) with which searches of a graph find enough: searches for some
/// vectors and compares the results with those of a search of all vectors. Works in steps, as it takes long; meanwhile
/// vectors may be added to the block, but not to the graph.
class EffortSearch {
 public:
  /// `queries`: vectors that were searched for, in their quick form. Some vectors of the graph are added to them.
  EffortSearch(const VectorBlock& block, const VectorGraph& graph, std::vector<std::vector<float>> queries);

  /// Does a few milliseconds of the work; true at the end.
  bool step();
  /// At the end: the effort; nullopt if even the greatest one that is worthwhile finds too little.
  [[nodiscard]] std::optional<std::size_t> effort() const { return found_; }
  /// The share of the nearest vectors that was found with that effort, or with the greatest one tried.
  [[nodiscard]] double recall() const { return recall_; }

 private:
  using Slot = VectorBlock::Slot;
  struct Sample {
    std::vector<float> query;
    std::optional<Slot> self;  // if the query is a vector of the graph: its slot, which is not counted
    /// The nearest of all vectors: a heap with the farthest at the top.
    std::vector<std::pair<float, Slot>> nearest;
  };
  void compare(Sample& sample, Slot slot) const;
  void search(const Sample& sample);
  void judge();

  const VectorBlock& block_;
  const VectorGraph& graph_;
  std::vector<Sample> samples_;
  std::size_t compared_ = 0;  // slots
  std::size_t effort_;
  std::size_t searched_ = 0;  // samples, with this effort
  std::size_t wanted_ = 0;
  std::size_t hits_ = 0;
  bool ended_ = false;
  double recall_ = 0;
  std::optional<std::size_t> found_;
};

}  // namespace stator::engine
