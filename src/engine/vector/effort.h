#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "engine/vector/vector_block.h"
#include "engine/vector/vector_graph.h"

namespace stator::engine {

/// For how many nearest vectors efforts are measured.
inline constexpr std::size_t kMeasuredLimit = 10;

/// Finds the least breadth of a graph's searches that finds enough: searches for some vectors, and compares what is
/// found with all vectors of the graph. In steps, as it takes long; vectors may be added to the block meanwhile, but
/// not to the graph.
class EffortSearch {
 public:
  /// `queries`, in their quick form, are vectors that were searched for; vectors of the graph are added to them.
  EffortSearch(const VectorBlock& block, const VectorGraph& graph, std::vector<std::vector<float>> queries);

  /// Does a few milliseconds of the work; true at the end.
  bool step();
  /// At the end: the breadth; nullopt if even the greatest that is worth while finds too little.
  [[nodiscard]] std::optional<std::size_t> effort() const { return found_; }
  /// The share of the nearest that was found with it, or with the greatest.
  [[nodiscard]] double recall() const { return recall_; }

 private:
  using Slot = VectorBlock::Slot;
  struct Sample {
    std::vector<float> query;
    std::optional<Slot> self;  // a vector of the graph, which is not to find itself
    /// The nearest of all: a heap, the farthest in front.
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
