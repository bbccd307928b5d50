#include "engine/vector/vector_graph.h"

#include <algorithm>
#include <cstring>

#include "engine/vector_distance.h"

// hnswlib's own distances are not used: only one file could include them, and they are compiled for one processor. Nor
// is its prefetching, which reads beyond the end of a list of edges.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

namespace stator::engine {
namespace {

// The edges of a vector (twice as many on the lowest level), and the breadth of the search for them. More of either
// finds more and makes building slower; these are the library's defaults.
constexpr std::size_t kEdges = 16;
constexpr std::size_t kBuildEffort = 200;

/// What the library compares: pointers to the numbers of vectors.
using Place = const float*;

struct Metric {
  DistanceFunction function;
  std::size_t dimensions;
};

/// What the library stores for a vector: a copy of the pointer to its numbers.
const void* kept(const Place& place) { return static_cast<const void*>(&place); }

/// The library does not align what it stores.
Place place_at(const void* kept) {
  Place place = nullptr;
  std::memcpy(static_cast<void*>(&place), kept, sizeof place);
  return place;
}

float rank_of_places(const void* left, const void* right, const void* metric) {
  const auto& known = *static_cast<const Metric*>(metric);
  return quick_rank(known.function, place_at(left), place_at(right), known.dimensions);
}

class Space final : public hnswlib::SpaceInterface<float> {
 public:
  explicit Space(const VectorSettings& settings) : metric_{settings.distance, settings.dimensions} {}
  std::size_t get_data_size() override { return sizeof(Place); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return rank_of_places; }
  void* get_dist_func_param() override { return &metric_; }

 private:
  Metric metric_;
};

}  // namespace

struct VectorGraph::Library {
  Library(const VectorSettings& settings, std::size_t capacity)
      : space(settings), index(&space, capacity, kEdges, kBuildEffort) {
    // So the breadth of a search is the number of vectors asked for.
    index.setEf(1);
  }
  Space space;
  hnswlib::HierarchicalNSW<float> index;
};

VectorGraph::VectorGraph(const VectorBlock& block, std::size_t capacity)
    : block_(block), library_(std::make_unique<Library>(block.settings(), std::max<std::size_t>(capacity, 1))) {}

VectorGraph::~VectorGraph() = default;

void VectorGraph::add() {
  auto& index = library_->index;
  const auto slot = static_cast<Slot>(slots_++);
  if (block_.is_obsolete(slot)) return;
  if (index.cur_element_count == index.max_elements_) {
    index.resizeIndex(index.max_elements_ + index.max_elements_ / 4 + 1);
  }
  const Place place = block_.vector(slot);
  index.addPoint(kept(place), slot);
}

std::uint64_t VectorGraph::size_bytes() const {
  // Edges, locks, and the library's table of slots.
  constexpr std::uint64_t kBytes = (2 * kEdges + 1) * sizeof(std::uint32_t) + sizeof(Place) + 150;
  return kBytes * library_->index.max_elements_;
}

VectorGraph::Found VectorGraph::nearest(const std::vector<float>& query, std::size_t effort) const {
  const Place place = query.data();
  auto farthest_first = library_->index.searchKnn(kept(place), effort);
  Found found;
  found.exhausted = farthest_first.size() < effort;
  found.slots.reserve(farthest_first.size());
  for (; !farthest_first.empty(); farthest_first.pop()) {
    const auto slot = static_cast<Slot>(farthest_first.top().second);
    if (!block_.is_obsolete(slot)) found.slots.push_back(slot);
  }
  std::ranges::reverse(found.slots);
  return found;
}

}  // namespace stator::engine
