#pragma once

#include <string>

#include "engine/engine.h"

namespace stator::api {

/// Appends ItemCollectionMetrics: the key of the item collection, and its size as a range of whole gigabytes.
void append_item_collection(const engine::Engine& engine, const engine::Table& table, const engine::Key& key,
                            std::string& out);

/// Whether the table has item collections, that is, local indexes.
bool has_item_collections(const engine::Table& table);

}  // namespace stator::api
