#pragma once

#include <optional>
#include <string>

#include "engine/engine.h"
#include "store/store.h"

namespace stator::engine {

class VectorRange;

/// The common prefix of the keys of all entries that the search looks at.
std::string searched_prefix(const VectorSearch& search);

/// See Engine::search_vectors. Reads every entry from the store. `view`: the state to read; null: the present.
VectorMatches search_vectors(const store::Store& store, const VectorSearch& search, const store::Snapshot* view);

/// The same in the present, with the vectors in memory: reads only near entries from the store, and ranks them exactly.
/// Without a graph the matches are those of the other function. nullopt if the range is not loaded, or if reading the
/// store is quicker.
std::optional<VectorMatches> search_vectors(const store::Store& store, const VectorSearch& search, VectorRange& range);

}  // namespace stator::engine
