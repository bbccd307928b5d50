#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "engine/vector/vector_block.h"

/// Searches of a block that look at every vector, on several cores where that is quicker.
namespace stator::engine {

/// A slot with its quick rank.
using RankedSlot = std::pair<float, VectorBlock::Slot>;
/// Whether a slot may be found. Called from several threads.
using AcceptsSlot = std::function<bool(VectorBlock::Slot)>;

/// The nearest `count` accepted slots from `first` on, nearest first; fewer where there are not so many.
std::vector<RankedSlot> nearest_slots(const VectorBlock& block, const std::vector<float>& query,
                                      VectorBlock::Slot first, std::size_t count, const AcceptsSlot& accepts);

/// All accepted slots with a rank from `lowest` to `highest`; nullopt where they are more than `most`.
std::optional<std::vector<VectorBlock::Slot>> slots_between(const VectorBlock& block, const std::vector<float>& query,
                                                            float lowest, float highest, std::size_t most,
                                                            const AcceptsSlot& accepts);

}  // namespace stator::engine
