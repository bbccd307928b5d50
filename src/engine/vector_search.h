#pragma once

#include <optional>
#include <string>

#include "engine/engine.h"
#include "store/store.h"

namespace stator::engine {

class VectorRange;

/// What the keys of all entries begin with that the search looks at.
std::string searched_prefix(const VectorSearch& search);

/// See Engine::search_vectors; reads every entry from the store. `view`: the state that the search sees; null: the
/// present.
VectorMatches search_vectors(const store::Store& store, const VectorSearch& search, const store::Snapshot* view);

/// The same in the present, with vectors in memory: only what is near is read from the store, and ranked again exactly.
/// Without a graph the matches are those of the other function. nullopt where the range is not loaded, or reading the
/// store is quicker.
std::optional<VectorMatches> search_vectors(const store::Store& store, const VectorSearch& search, VectorRange& range);

}  // namespace stator::engine
