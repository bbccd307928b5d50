#pragma once

#include <string>

#include "engine/engine.h"
#include "json/item.h"

namespace stator::engine {

/// An imported item in its stored form, with its key.
struct ImportedItem {
  json::EncodedItem item;
  Key key;
};

/// Converts an imported item, with the checks of a put: types, numbers, sets, sizes, and the keys of table and indexes.
/// `wire`: the item in DynamoDB JSON. Throws ApiError.
ImportedItem check_imported_item(const Table& table, const json::Object& wire);

}  // namespace stator::engine
