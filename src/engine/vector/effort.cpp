#include "engine/vector/effort.h"

#include <algorithm>

#include "engine/vector/work_time.h"

namespace stator::engine {
namespace {

constexpr std::size_t kSamples = 48;
/// The share of the nearest vectors that a graph must find (docs/server.md). High, as samples are few and changes make
/// a graph worse.
constexpr double kWantedRecall = 0.98;
constexpr std::size_t kLeastEffort = 24;
/// A broader search costs as much as comparing all vectors in memory sequentially: for 100 000 random vectors of 384
/// dimensions, a search of breadth 6000 took 37 ms, and comparing all vectors 10 ms.
constexpr std::size_t kAlwaysWorthWhile = 256;
constexpr std::size_t kWorthWhileShare = 128;

}  // namespace

EffortSearch::EffortSearch(const VectorBlock& block, const VectorGraph& graph, std::vector<std::vector<float>> queries)
    : block_(block), graph_(graph), effort_(kLeastEffort) {
  for (std::vector<float>& query : queries) samples_.push_back({std::move(query), std::nullopt, {}});
  // The other samples are taken evenly from the graph.
  const std::size_t missing = kSamples - std::min(kSamples, samples_.size());
  for (std::size_t i = 0; i < missing && graph.slots() > 0; ++i) {
    const auto slot = static_cast<Slot>(i * graph.slots() / missing);
    if (block.is_obsolete(slot)) continue;
    const float* const vector = block.vector(slot);
    samples_.push_back({{vector, vector + block.settings().dimensions}, slot, {}});
  }
}

bool EffortSearch::step() {
  const WorkTime time;
  while (!ended_ && !time.is_over()) {
    if (compared_ < graph_.slots()) {
      const auto slot = static_cast<Slot>(compared_++);
      if (block_.is_obsolete(slot)) continue;
      for (Sample& sample : samples_) compare(sample, slot);
    } else if (searched_ < samples_.size()) {
      search(samples_[searched_++]);
    } else {
      judge();
    }
  }
  return ended_;
}

void EffortSearch::compare(Sample& sample, Slot slot) const {
  if (sample.self == slot) return;
  const std::pair candidate(block_.rank(sample.query.data(), slot), slot);
  if (sample.nearest.size() == kMeasuredLimit) {
    if (candidate >= sample.nearest.front()) return;
    std::ranges::pop_heap(sample.nearest);
    sample.nearest.pop_back();
  }
  sample.nearest.push_back(candidate);
  std::ranges::push_heap(sample.nearest);
}

void EffortSearch::search(const Sample& sample) {
  if (sample.nearest.empty()) return;
  const std::vector<Slot> found = graph_.nearest(sample.query, effort_).slots;
  const auto is_there = [this](const auto& each) { return !block_.is_obsolete(each.second); };
  const auto still_there = static_cast<std::size_t>(std::ranges::count_if(sample.nearest, is_there));
  wanted_ += still_there;
  // A vector at the same distance as the farthest of the nearest counts as well.
  const float farthest = sample.nearest.front().first;
  std::size_t hits = 0;
  for (const Slot slot : found) {
    if (sample.self != slot && block_.rank(sample.query.data(), slot) <= farthest) ++hits;
  }
  hits_ += std::min(hits, still_there);
}

void EffortSearch::judge() {
  recall_ = wanted_ == 0 ? 0 : static_cast<double>(hits_) / static_cast<double>(wanted_);
  if (recall_ >= kWantedRecall) found_ = effort_;
  effort_ += effort_ / 2;
  searched_ = wanted_ = hits_ = 0;
  ended_ = found_ || effort_ > std::max(kAlwaysWorthWhile, block_.size() / kWorthWhileShare);
}

}  // namespace stator::engine
