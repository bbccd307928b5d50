#include "engine/vector/vector_ranges.h"

#include <mutex>
#include <utility>

#include "engine/vector/graph_build.h"
#include "engine/vector/vector_load.h"

namespace stator::engine {
namespace {

constexpr std::chrono::minutes kKeptUnsearched{1};
constexpr std::chrono::minutes kNotAgain{1};

std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }

}  // namespace

VectorRanges::VectorRanges(store::Store& store, Stripes& stripes, Limits limits, core::LogSink log, AddJob add_job)
    : store_(store), stripes_(stripes), limits_(limits), log_(std::move(log)), add_job_(std::move(add_job)) {}

void VectorRanges::note_change_in_range(std::string_view entry_key) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  auto slot = slots_.upper_bound(entry_key);
  if (slot == slots_.begin()) return;
  --slot;
  if (!entry_key.starts_with(slot->first)) return;
  for (const auto& range : {slot->second.serving, slot->second.loading}) {
    if (range != nullptr) range->note_change(entry_key);
  }
}

std::shared_ptr<VectorRange> VectorRanges::find(std::string_view prefix) {
  if (!any_.load(std::memory_order_acquire)) return nullptr;
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  const auto slot = slots_.find(prefix);
  if (slot == slots_.end() || slot->second.serving == nullptr) return nullptr;
  slot->second.searched.store(now(), std::memory_order_relaxed);
  return slot->second.serving;
}

void VectorRanges::note_store_read(const VectorSearch& search, const std::string& prefix, std::uint64_t entries) {
  if (limits_.load_entries == 0 || entries < limits_.load_entries) return;
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const auto slot = slots_.try_emplace(prefix).first;
  any_.store(true, std::memory_order_release);
  if (slot->second.is_empty() && now() >= slot->second.not_before)
    begin(search.table, *search.index, slot->second, prefix, entries);
  remove_if_empty(slot);
}

void VectorRanges::begin(const TablePtr& table, const Index& index, Slot& slot, const std::string& prefix,
                         std::uint64_t entries) {
  const std::uint64_t least_bytes = entries * VectorBlock::bytes_of_vector(index.vector->dimensions, prefix.size());
  if (!make_room(least_bytes, nullptr)) return;
  slot.searched.store(now(), std::memory_order_relaxed);
  try {
    slot.loading = std::make_shared<VectorRange>(index, prefix, entries);
    slot.loading->set_reserved_bytes(least_bytes);
    add_job_({.name = "load-vectors", .table = table->name, .index = index.name, .rest_for_work = 1},
             std::make_unique<VectorLoad>(store_, stripes_, *this, table->state, slot.loading));
  } catch (const std::exception&) {
    // Memory is short; searches continue to read the store.
    slot.loading = nullptr;
  }
}

bool VectorRanges::make_room(std::uint64_t size_bytes, const VectorRange* grown) {
  const auto taken = [&] {
    std::uint64_t sum = 0;
    for (const auto& [prefix, slot] : slots_) {
      for (const auto& range : {slot.serving, slot.loading}) {
        if (range != nullptr && range.get() != grown) sum += range->reserved_bytes();
      }
    }
    return sum;
  };
  while (taken() + size_bytes > limits_.size_bytes) {
    Slot* oldest = nullptr;
    for (auto& [prefix, slot] : slots_) {
      if (slot.serving == nullptr || slot.loading != nullptr || slot.serving.get() == grown) continue;
      if (oldest == nullptr || slot.searched.load() < oldest->searched.load()) oldest = &slot;
    }
    if (oldest == nullptr || now() - oldest->searched.load() < kKeptUnsearched) {
      if (!std::exchange(logged_no_room_, true)) {
        core::log(log_, core::LogLevel::kWarning,
                  "the vectors of an index do not fit into the memory that they may take; its searches read the store");
      }
      return false;
    }
    // The range's jobs end with their next step; the slot stays until another search.
    oldest->serving->drop();
    oldest->serving = nullptr;
  }
  return true;
}

void VectorRanges::remove_if_empty(Slots::iterator slot) {
  if (!slot->second.is_empty() || now() < slot->second.not_before) return;
  slots_.erase(slot);
  any_.store(!slots_.empty(), std::memory_order_release);
}

void VectorRanges::serve(const TablePtr& table, const Index& index, const std::shared_ptr<VectorRange>& range) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const auto slot = slots_.find(range->prefix());
  if (slot == slots_.end() || slot->second.loading != range) return;
  if (slot->second.serving != nullptr) slot->second.serving->drop();
  slot->second.serving = std::exchange(slot->second.loading, nullptr);
  range->serve();
  if (limits_.graph_entries == 0 || range->block().size() < limits_.graph_entries) return;
  add_job_({.name = "build-vector-graph", .table = table->name, .index = index.name, .rest_for_work = 1},
           std::make_unique<GraphBuild>(*this, table->state, range));
}

void VectorRanges::drop(const std::shared_ptr<VectorRange>& range) { remove_from_slot(range, {}); }

void VectorRanges::drop_for_a_minute(const std::shared_ptr<VectorRange>& range) {
  remove_from_slot(range, now() + kNotAgain);
}

void VectorRanges::remove_from_slot(const std::shared_ptr<VectorRange>& range,
                                    std::chrono::steady_clock::time_point not_before) {
  range->drop();
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const auto slot = slots_.find(range->prefix());
  if (slot == slots_.end()) return;
  if (slot->second.serving == range) slot->second.serving = nullptr;
  if (slot->second.loading == range) slot->second.loading = nullptr;
  slot->second.not_before = not_before;
  remove_if_empty(slot);
}

bool VectorRanges::reload(const TablePtr& table, const Index& index, const VectorRange& range) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  const auto slot = slots_.find(range.prefix());
  if (slot == slots_.end()) return false;
  if (slot->second.loading == nullptr) {
    begin(table, index, slot->second, range.prefix(), range.block().size());
  }
  return slot->second.loading != nullptr;
}

bool VectorRanges::reserve(VectorRange& range, std::uint64_t size_bytes) {
  if (size_bytes <= range.reserved_bytes()) return true;
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  if (!make_room(size_bytes, &range)) return false;
  range.set_reserved_bytes(size_bytes);
  return true;
}

}  // namespace stator::engine
