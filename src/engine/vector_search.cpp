#include "engine/vector_search.h"

#include <algorithm>
#include <cstring>

#include "core/api_error.h"
#include "engine/damage.h"
#include "engine/keys.h"
#include "engine/state.h"
#include "engine/vector_distance.h"
#include "engine/vector_entry.h"

namespace stator::engine {
namespace {

/// An entry that is among the nearest so far.
struct Candidate {
  double rank = 0;
  std::string key;
  VectorMatch match;
};

bool is_nearer(const Candidate& left, const Candidate& right) {
  return left.rank != right.rank ? left.rank < right.rank : left.key < right.key;
}

KeyBounds bounds_of(const VectorSearch& search) {
  std::vector<core::AttributeValue> partition;
  if (search.partition) partition.push_back(*search.partition);
  std::string prefix = store::partition_prefix(search.index->space, partition);
  std::string end = store::prefix_end(prefix);
  return {std::move(prefix), std::move(end)};
}

/// One search under way.
class Search {
 public:
  Search(const store::Store& store, const VectorSearch& search, const store::Snapshot* view)
      : store_(store), search_(search), view_(view), distance_(search.index->vector->distance, search.vector) {
    for (const auto& filter : search.filters) {
      filters_.push_back(filter ? std::optional(filter_part(*filter)) : std::nullopt);
    }
  }

  VectorMatches run() {
    const KeyBounds bounds = bounds_of(search_);
    const auto cursor = store_.cursor(bounds.lower, bounds.upper, view_);
    cursor->seek_to_first();
    check_still_there();
    for (; cursor->valid(); cursor->next()) {
      try {
        take(cursor->key(), cursor->value());
      } catch (const core::DamageError& error) {
        throw_damage_at(cursor->key(), error);
      }
    }
    std::ranges::sort_heap(nearest_, is_nearer);
    for (Candidate& candidate : nearest_) {
      candidate.match.score = distance_.score(candidate.rank);
      matches_.nearest.push_back(std::move(candidate.match));
    }
    return std::move(matches_);
  }

 private:
  /// What the cursor sees is complete only if table and index were still there after it began: their rows are deleted
  /// once they are published as gone.
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
    ++matches_.entries;
    VectorEntry entry = read_vector_entry(stored, search_.vector.size());
    if (!passes(entry.rest)) return;
    Candidate candidate;
    candidate.rank = distance_.rank(entry.vector);
    const bool full = nearest_.size() == search_.limit;
    // Later keys give way where ranks are equal.
    if (full && candidate.rank >= nearest_.front().rank) return;
    candidate.key = key;
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
  std::vector<Candidate> nearest_;  // a heap, the farthest in front
  VectorMatches matches_;
};

}  // namespace

VectorMatches search_vectors(const store::Store& store, const VectorSearch& search, const store::Snapshot* view) {
  try {
    return Search(store, search, view).run();
  } catch (const core::DamageError& error) {
    throw_damage_in(*search.table, search.index, error);
  }
}

}  // namespace stator::engine
