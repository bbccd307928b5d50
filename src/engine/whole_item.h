#pragma once

#include "core/damage_error.h"
#include "engine/stored_value.h"
#include "json/item.h"

namespace stator::engine {

/// For checks and repairs: throws core::DamageError unless the whole item can be read and has the size in its header.
inline json::Item read_whole_item(const StoredValue& stored) {
  json::Item item(stored.json);
  if (item.size_bytes() != stored.size_bytes) throw core::DamageError("the item has another size than it says");
  return item;
}

}  // namespace stator::engine
