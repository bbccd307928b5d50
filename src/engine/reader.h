#pragma once

#include "engine/engine.h"
#include "store/store.h"

namespace stator::engine {

/// Walks one page of a Query or Scan.
Page read_page(const store::Store& store, const PageRequest& request, const ItemSink& sink);

}  // namespace stator::engine
