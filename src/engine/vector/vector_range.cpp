#include "engine/vector/vector_range.h"

#include <algorithm>

#include "engine/vector/effort.h"
#include "engine/vector/work_time.h"
#include "engine/vector_distance.h"
#include "engine/vector_entry.h"

namespace stator::engine {
namespace {

constexpr std::size_t kQueriesKept = 24;
constexpr std::uint64_t kChangesAlwaysAllowed = 10'000;

}  // namespace

VectorRange::VectorRange(const Index& index, std::string prefix, std::uint64_t entries)
    : space_(index.space), prefix_(std::move(prefix)), entries_(entries), block_(*index.vector) {}

void VectorRange::serve() {
  Stage expected = Stage::kLoading;
  stage_.compare_exchange_strong(expected, Stage::kServing);
}

void VectorRange::note_change(std::string_view entry_key) {
  const std::lock_guard<std::mutex> lock(changes_mutex_);
  if (stage() == Stage::kDropped) return;
  changes_.insert_or_assign(std::string(entry_key), ++last_change_);
  if (changes_.size() <= std::max(entries_, kChangesAlwaysAllowed)) return;
  drop();
  changes_.clear();
}

std::vector<std::string> VectorRange::changed_keys() const {
  const std::lock_guard<std::mutex> lock(changes_mutex_);
  std::vector<std::string> keys;
  keys.reserve(changes_.size());
  for (const auto& [key, number] : changes_) keys.push_back(key);
  return keys;
}

std::size_t VectorRange::effort(std::size_t limit) const {
  // Further vectors are farther away, where the graph is less precise.
  std::size_t effort = effort_;
  if (limit > kMeasuredLimit) effort += effort * (limit - kMeasuredLimit) / (4 * kMeasuredLimit);
  effort = std::max(effort, 2 * limit);
  // Searches also find obsolete vectors.
  return block_.size() == 0 ? effort : effort + effort * block_.obsolete() / block_.size();
}

void VectorRange::note_query(std::span<const float> vector) {
  const std::lock_guard<std::mutex> lock(changes_mutex_);
  if (queries_.size() < kQueriesKept) queries_.push_back(quick_form(block_.settings().distance, vector));
}

std::vector<VectorRange::Change> VectorRange::next_changes(std::size_t count) const {
  const std::lock_guard<std::mutex> lock(changes_mutex_);
  std::vector<Change> changes;
  for (auto each = changes_.begin(); each != changes_.end() && changes.size() < count; ++each) {
    changes.push_back({each->first, each->second, std::nullopt});
  }
  return changes;
}

void VectorRange::apply(const std::vector<Change>& changes) {
  {
    const std::lock_guard<FairMutex> alone(mutex_);
    for (const Change& change : changes) {
      if (change.stored) {
        put_in_block(change.key, *change.stored);
      } else {
        block_.remove(change.key);
      }
    }
  }
  const std::lock_guard<std::mutex> lock(changes_mutex_);
  for (const Change& change : changes) {
    const auto known = changes_.find(change.key);
    if (known != changes_.end() && known->second == change.number) changes_.erase(known);
  }
}

void VectorRange::put(std::string_view entry_key, std::string_view stored) { put_in_block(entry_key, stored); }

void VectorRange::put_in_block(std::string_view entry_key, std::string_view stored) {
  const VectorEntry entry = read_vector_entry(stored, block_.settings().dimensions);
  std::string_view rest = entry.rest;
  for (const SearchElement& element : block_.settings().schema) {
    if (!element.hash) next_filter(rest);
  }
  block_.put(entry_key, entry.vector, entry.rest.substr(0, entry.rest.size() - rest.size()));
}

void VectorRange::begin_graph() { graph_ = std::make_unique<VectorGraph>(block_, block_.slots() + block_.slots() / 8); }

std::size_t VectorRange::extend_graph() {
  const std::lock_guard<FairMutex> alone(mutex_);
  const std::size_t before = graph_->slots();
  for (const WorkTime time; !time.is_over() && graph_->slots() < block_.slots();) graph_->add();
  return graph_->slots() - before;
}

void VectorRange::serve_graph(std::size_t effort) {
  const std::lock_guard<FairMutex> alone(mutex_);
  effort_ = effort;
  graph_is_served_ = true;
}

void VectorRange::drop_graph() {
  std::unique_ptr<VectorGraph> dropped;
  const std::lock_guard<FairMutex> alone(mutex_);
  graph_is_served_ = false;
  dropped = std::move(graph_);
}

std::vector<std::vector<float>> VectorRange::queries() const {
  const std::lock_guard<std::mutex> lock(changes_mutex_);
  return queries_;
}

}  // namespace stator::engine
