#pragma once

#include <string>

#include "engine/engine.h"
#include "json/item.h"

namespace stator::engine {

/// An item that a file has in DynamoDB's JSON, as the table stores it, and its key.
struct ImportedItem {
  json::EncodedItem item;
  Key key;
};

/// Checks types, numbers, sets, sizes and the keys of table and indexes, as a put does. Throws ApiError with what is
/// wrong.
ImportedItem check_imported_item(const Table& table, const json::Object& wire);

}  // namespace stator::engine
