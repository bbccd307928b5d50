#pragma once

#include <string>

#include "engine/engine.h"
#include "json/item.h"

namespace stator::engine {

/// An imported item as the table stores it, with its key.
struct ImportedItem {
  json::EncodedItem item;
  Key key;
};

/// Checks types, numbers, sets, sizes and the keys of table and indexes, as a put does. `wire`: the item in DynamoDB's
/// JSON. Throws ApiError.
ImportedItem check_imported_item(const Table& table, const json::Object& wire);

}  // namespace stator::engine
