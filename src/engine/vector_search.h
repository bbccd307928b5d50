#pragma once

#include "engine/engine.h"
#include "store/store.h"

namespace stator::engine {

/// See Engine::search_vectors. `view`: the state that the search sees; null: the present.
VectorMatches search_vectors(const store::Store& store, const VectorSearch& search, const store::Snapshot* view);

}  // namespace stator::engine
