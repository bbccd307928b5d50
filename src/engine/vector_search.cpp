#include "engine/vector_search.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "core/api_error.h"
#include "engine/damage.h"
#include "engine/keys.h"
#include "engine/state.h"
#include "engine/vector/block_scan.h"
#include "engine/vector/vector_range.h"
#include "engine/vector_distance.h"
#include "engine/vector_entry.h"

namespace stator::engine {
namespace {

/// An entry that is among the nearest found so far.
struct Candidate {
  double rank = 0;
  std::string key;
  VectorMatch match;
};

bool is_nearer(const Candidate& left, const Candidate& right) {
  return left.rank != right.rank ? left.rank < right.rank : left.key < right.key;
}

using Slot = VectorBlock::Slot;

// If more entries than this would have to be read one by one, reading all entries in order is quicker.
constexpr std::size_t kSingleReads = 64;
constexpr std::size_t kSingleReadsShare = 4;
// If a search of the graph is broader than this, comparing all vectors is quicker.
constexpr std::size_t kBroadest = 1024;
constexpr std::size_t kBroadestShare = 64;

/// Carries out one search.
class Search {
 public:
  Search(const store::Store& store, const VectorSearch& search, const store::Snapshot* view)
      : store_(store), search_(search), view_(view), distance_(search.index->vector->distance, search.vector) {
    for (const auto& filter : search.filters) {
      filters_.push_back(filter ? std::optional(filter_part(*filter)) : std::nullopt);
    }
  }

  VectorMatches run() {
    const std::string prefix = searched_prefix(search_);
    const auto cursor = store_.cursor(prefix, store::prefix_end(prefix), view_);
    cursor->seek_to_first();
    check_still_there();
    for (; cursor->valid(); cursor->next()) {
      ++matches_.entries;
      take(cursor->key(), cursor->value());
    }
    return take_matches();
  }

  /// Searches with the vectors in memory. The caller holds `range.searching()` and took the view after that.
  std::optional<VectorMatches> run_on(const VectorRange& range) {
    check_still_there();
    const VectorBlock& block = range.block();
    if (!has_quick_form()) return std::nullopt;
    const std::vector<std::string> changed = range.changed_keys();
    const std::size_t single_reads = changed.size() + block.extremes().size();
    if (single_reads > kSingleReads + block.size() / kSingleReadsShare) return std::nullopt;
    for (const std::string& key : changed) {
      look_up(key);
      if (const auto slot = block.find(key)) changed_.insert(*slot);
    }
    for (const Slot slot : block.extremes()) {
      if (!block.is_obsolete(slot) && !changed_.contains(slot)) look_up(block.key(slot));
    }
    const std::vector<float> query = block.query_of(search_.vector);
    const bool found =
        range.graph() != nullptr && take_from_graph(block, *range.graph(), range.effort(search_.limit), query);
    if (!found && !take_from_block(block, query)) return std::nullopt;
    matches_.source = found ? VectorMatches::Source::kGraph : VectorMatches::Source::kMemory;
    matches_.entries = block.size();
    return take_matches();
  }

 private:
  VectorMatches take_matches() {
    std::ranges::sort_heap(nearest_, is_nearer);
    for (Candidate& candidate : nearest_) {
      candidate.match.score = distance_.score(candidate.rank);
      matches_.nearest.push_back(std::move(candidate.match));
    }
    return std::move(matches_);
  }

  [[nodiscard]] bool has_quick_form() const {
    return search_.index->vector->distance == DistanceFunction::kCosine ||
           std::ranges::none_of(search_.vector, [](float number) { return std::abs(number) > kGreatestQuick; });
  }

  /// Whether a slot that is not obsolete passes the filters and was not looked up yet.
  [[nodiscard]] bool accepts(const VectorBlock& block, Slot slot) const {
    std::string_view filters = block.filters(slot);
    return !changed_.contains(slot) && !block.is_extreme(slot) && passes(filters);
  }

  /// How many candidates are read: a few more than the limit, as ranks in memory are approximate.
  [[nodiscard]] std::size_t candidates() const { return search_.limit + search_.limit / 4 + 8; }

  /// Takes the nearest `candidates()` that the graph leads to, and as many of the vectors that are not in it yet; false
  /// if the graph leads to fewer than the limit.
  bool take_from_graph(const VectorBlock& block, const VectorGraph& graph, std::size_t effort,
                       const std::vector<float>& query) {
    const auto accepts_slot = [&](Slot slot) { return accepts(block, slot); };
    const std::size_t broadest = std::max(kBroadest, block.size() / kBroadestShare);
    std::vector<Slot> found;
    for (bool ended = false; found.size() < search_.limit; effort *= 4) {
      if (ended || effort > broadest) return false;
      VectorGraph::Found nearest = graph.nearest(query, effort);
      ended = nearest.exhausted;
      found = std::move(nearest.slots);
      std::erase_if(found, [&](Slot slot) { return !accepts_slot(slot); });
    }
    found.resize(std::min(found.size(), candidates()));
    const auto newer = nearest_slots(block, query, static_cast<Slot>(graph.slots()), candidates(), accepts_slot);
    for (const auto& [rank, slot] : newer) found.push_back(slot);
    for (const Slot slot : found) take_slot(block, slot);
    return true;
  }

  /// Takes all vectors that may be among the nearest; false if these are too many.
  bool take_from_block(const VectorBlock& block, const std::vector<float>& query) {
    const auto accepts_slot = [&](Slot slot) { return accepts(block, slot); };
    const std::vector<RankedSlot> nearest = nearest_slots(block, query, 0, candidates(), accepts_slot);
    for (const auto& [rank, slot] : nearest) take_slot(block, slot);
    if (nearest.size() < candidates()) return true;
    // Because ranks are rounded, others may be nearer than the last one that is within the limit.
    const float last = nearest.back().first;
    const float highest = block.highest_rank(query, nearest[search_.limit - 1].first);
    if (highest < last) return true;
    const auto others = slots_between(block, query, last, highest, block.size() / kSingleReadsShare, accepts_slot);
    if (!others) return false;
    for (const Slot slot : *others) take_slot(block, slot);
    return true;
  }

  void take_slot(const VectorBlock& block, Slot slot) {
    if (taken_.insert(slot).second) look_up(block.key(slot));
  }

  /// Reads and takes the entry with this key, if there is one.
  void look_up(std::string_view key) {
    (void)store_.visit(
        key, [&](std::string_view stored) { take(key, stored); }, view_);
  }

  /// Throws if the table or index is gone. To be called after the cursor was opened or the view taken: as rows are
  /// deleted after the deletion is published, all rows are then visible.
  void check_still_there() const {
    const TablePtr newest = search_.table->state->newest(search_.table);
    if (newest == nullptr) core::throw_resource_not_found("Requested resource not found");
    const auto same_space = [&](const Index& index) { return index.space == search_.index->space; };
    if (std::ranges::none_of(newest->indexes, same_space)) {
      core::throw_validation("The table does not have the specified index: " + search_.index->name);
    }
  }

  [[nodiscard]] bool passes(std::string_view& rest) const {
    bool passed = true;
    for (const auto& wanted : filters_) {
      const std::string_view part = next_filter(rest);
      passed = passed && (!wanted || *wanted == part);
    }
    return passed;
  }

  void take(std::string_view key, std::string_view stored) {
    try {
      take_entry(key, stored);
    } catch (const core::DamageError& error) {
      throw_damage_at(key, error);
    }
  }

  void take_entry(std::string_view key, std::string_view stored) {
    VectorEntry entry = read_vector_entry(stored, search_.vector.size());
    if (!passes(entry.rest)) return;
    Candidate candidate;
    candidate.rank = distance_.rank(entry.vector);
    const bool full = nearest_.size() == search_.limit;
    if (full && candidate.rank > nearest_.front().rank) return;
    candidate.key = key;
    if (full && !is_nearer(candidate, nearest_.front())) return;
    candidate.match.json = entry.rest;
    if (search_.want_vectors) {
      candidate.match.vector.resize(search_.vector.size());
      std::memcpy(candidate.match.vector.data(), entry.vector, search_.vector.size() * sizeof(float));
    }
    if (full) {
      std::ranges::pop_heap(nearest_, is_nearer);
      nearest_.pop_back();
    }
    nearest_.push_back(std::move(candidate));
    std::ranges::push_heap(nearest_, is_nearer);
  }

  const store::Store& store_;
  const VectorSearch& search_;
  const store::Snapshot* view_;
  const VectorDistance distance_;
  std::vector<std::optional<std::string>> filters_;
  std::unordered_set<Slot> changed_;
  std::unordered_set<Slot> taken_;
  std::vector<Candidate> nearest_;  // a heap with the farthest at the top
  VectorMatches matches_;
};

}  // namespace

std::string searched_prefix(const VectorSearch& search) {
  std::vector<core::AttributeValue> partition;
  if (search.partition) partition.push_back(*search.partition);
  return store::partition_prefix(search.index->space, partition);
}

VectorMatches search_vectors(const store::Store& store, const VectorSearch& search, const store::Snapshot* view) {
  try {
    return Search(store, search, view).run();
  } catch (const core::DamageError& error) {
    throw_damage_in(*search.table, search.index, error);
  }
}

std::optional<VectorMatches> search_vectors(const store::Store& store, const VectorSearch& search, VectorRange& range) {
  const auto searching = range.searching();
  if (range.stage() != VectorRange::Stage::kServing) return std::nullopt;
  if (range.graph() == nullptr) range.note_query(search.vector);
  const auto view = store.snapshot();
  try {
    return Search(store, search, view.get()).run_on(range);
  } catch (const core::DamageError& error) {
    throw_damage_in(*search.table, search.index, error);
  }
}

}  // namespace stator::engine
