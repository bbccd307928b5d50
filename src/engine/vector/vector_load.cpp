#include "engine/vector/vector_load.h"

#include <algorithm>

#include "engine/keys.h"
#include "engine/vector/vector_ranges.h"
#include "engine/vector/work_time.h"

namespace stator::engine {
namespace {

/// How often a range is brought up to date.
constexpr std::chrono::milliseconds kPause{500};
/// How many changes are made at once, in less than a millisecond.
constexpr std::size_t kChangesAtOnce = 256;

}  // namespace

const Index* index_of(const Table* table, const VectorRange& range) {
  if (table == nullptr || range.stage() == VectorRange::Stage::kDropped) return nullptr;
  for (const Index& index : table->indexes) {
    if (index.space == range.space() && index.status != TableStatus::kDeleting) return &index;
  }
  return nullptr;
}

VectorLoad::VectorLoad(store::Store& store, Stripes& stripes, VectorRanges& ranges, std::shared_ptr<TableState> state,
                       std::shared_ptr<VectorRange> range)
    : store_(store), stripes_(stripes), ranges_(ranges), state_(std::move(state)), range_(std::move(range)) {}

JobStep VectorLoad::step() {
  const TablePtr table = state_->newest(nullptr);
  const Index* const index = index_of(table.get(), *range_);
  if (index == nullptr) {
    ranges_.drop(range_);
    return JobStep::end();
  }
  try {
    return step_of_phase(table, *index);
  } catch (const std::exception& error) {
    // The data is damaged, or memory is short. Searches read the store instead, and report the damage.
    core::log(
        ranges_.log(), core::LogLevel::kError,
        "table " + table->name + ", index " + index->name + ": its vectors cannot be kept in memory: " + error.what());
    return give_up();
  }
}

JobStep VectorLoad::step_of_phase(const TablePtr& table, const Index& index) {
  switch (phase_) {
    case Phase::kBegin:
      // From here on every write notes its changes, so the entries read from now on and the changes are complete.
      stripes_.barrier();
      phase_ = Phase::kRead;
      return JobStep::more();
    case Phase::kRead:
      return read_entries();
    case Phase::kCatchUp:
    case Phase::kKeepUp:
      break;
  }
  return apply_changes(table, index);
}

JobStep VectorLoad::give_up() {
  ranges_.drop_for_a_minute(range_);
  return JobStep::end();
}

bool VectorLoad::reserve_memory() {
  const VectorGraph* const graph = range_->graph();
  return ranges_.reserve(*range_, range_->block().size_bytes() + (graph == nullptr ? 0 : graph->size_bytes()));
}

JobStep VectorLoad::read_entries() {
  const WorkTime time;
  const std::string lower = after_.empty() ? range_->prefix() : after_ + '\0';
  const auto cursor = store_.cursor(lower, store::prefix_end(range_->prefix()));
  for (cursor->seek_to_first(); cursor->valid() && !time.is_over(); cursor->next()) {
    range_->put(cursor->key(), cursor->value());
    ++progress_.items_changed;
    after_ = cursor->key();
    ++progress_.items_read;
  }
  if (!reserve_memory()) return give_up();
  const double expected = std::max(1.0, static_cast<double>(range_->expected_entries()));
  progress_.fraction = std::min(1.0, static_cast<double>(progress_.items_read) / expected);
  if (!cursor->valid()) phase_ = Phase::kCatchUp;
  return JobStep::more();
}

bool VectorLoad::reserve_and_reload_if_worn(const TablePtr& table, const Index& index) {
  if (!reserve_memory()) return false;
  const VectorBlock& block = range_->block();
  const bool is_worn = block.obsolete() > block.size() / 2 + ranges_.limits().load_entries;
  // This range is used until the new one is loaded.
  return phase_ != Phase::kKeepUp || !is_worn || ranges_.reload(table, index, *range_);
}

JobStep VectorLoad::apply_changes(const TablePtr& table, const Index& index) {
  bool any = false;
  for (const WorkTime time; !time.is_over(); any = true) {
    std::vector<VectorRange::Change> changes = range_->next_changes(kChangesAtOnce);
    if (changes.empty()) {
      if (phase_ == Phase::kCatchUp) {
        progress_.fraction = 1.0;
        ranges_.serve(table, index, range_);
        phase_ = Phase::kKeepUp;
      }
      return any && !reserve_and_reload_if_worn(table, index) ? give_up() : JobStep::later(kPause);
    }
    for (VectorRange::Change& change : changes) {
      // When the lock is free, the write that noted the change has ended.
      const std::lock_guard<std::mutex> lock(stripes_[stripes_.of(table_key_of(*table, index, change.key))]);
      if (!store_.get(change.key, change.stored.emplace())) change.stored.reset();
    }
    range_->apply(changes);
    progress_.items_changed += changes.size();
  }
  return reserve_and_reload_if_worn(table, index) ? JobStep::more() : give_up();
}

}  // namespace stator::engine
