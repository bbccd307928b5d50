#pragma once

#include "engine/engine.h"
#include "store/store.h"

namespace stator::engine {

/// Reads one page of a Query or Scan. `view`: the state to read; null: the present.
Page read_page(const store::Store& store, const PageRequest& request, const ItemSink& sink,
               const store::Snapshot* view = nullptr);

}  // namespace stator::engine
