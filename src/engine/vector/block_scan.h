#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "engine/vector/vector_block.h"

/// Searches that look at every vector of a block, on several cores if that is quicker.
namespace stator::engine {

/// A slot with its quick rank.
using RankedSlot = std::pair<float, VectorBlock::Slot>;
/// Whether a slot may be returned. Called from several threads.
using AcceptsSlot = std::function<bool(VectorBlock::Slot)>;

/// The nearest `count` of the accepted slots from `first` on, nearest first; fewer if there are not so many.
std::vector<RankedSlot> nearest_slots(const VectorBlock& block, const std::vector<float>& query,
                                      VectorBlock::Slot first, std::size_t count, const AcceptsSlot& accepts);

/// All accepted slots with a rank from `lowest` to `highest`; nullopt if there are more than `most`.
std::optional<std::vector<VectorBlock::Slot>> slots_between(const VectorBlock& block, const std::vector<float>& query,
                                                            float lowest, float highest, std::size_t most,
                                                            const AcceptsSlot& accepts);

}  // namespace stator::engine
