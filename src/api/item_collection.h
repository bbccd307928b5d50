#pragma once

#include "api/call.h"
#include "api/reply.h"

namespace stator::api {

/// ReturnItemCollectionMetrics=SIZE on a table with local indexes: adds `"ItemCollectionMetrics":{…}` with the key of
/// the item collection and its size as a range of whole gigabytes.
void write_item_collection(ObjectWriter& writer, Call& call, const engine::Table& table, const engine::Key& key);

/// Appends the structure itself.
void append_item_collection(Call& call, const engine::Table& table, const engine::Key& key, std::string& out);

/// Whether the request asks for metrics.
bool wants_item_collection(const Members& request);
/// Whether the table has item collections (local indexes).
bool has_item_collections(const engine::Table& table);

}  // namespace stator::api
