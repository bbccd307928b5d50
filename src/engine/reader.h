#pragma once

#include "engine/engine.h"
#include "store/store.h"

namespace stator::engine {

/// Walks one page of a Query or Scan, in `view` or, where that is null, in the present.
Page read_page(const store::Store& store, const PageRequest& request, const ItemSink& sink,
               const store::Snapshot* view = nullptr);

}  // namespace stator::engine
