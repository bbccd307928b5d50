#include "api/item_collection.h"

#include <algorithm>
#include <cmath>

#include "api/reply.h"
#include "json/writer.h"

namespace stator::api {

bool has_item_collections(const engine::Table& table) {
  return std::ranges::any_of(table.indexes, &engine::Index::is_local);
}

void append_item_collection(const engine::Engine& engine, const engine::Table& table, const engine::Key& key,
                            std::string& out) {
  constexpr double kGigabyte = 1024.0 * 1024.0 * 1024.0;
  const double size = static_cast<double>(engine.item_collection_size_bytes(table, key)) / kGigabyte;
  ObjectWriter writer(out);
  ObjectWriter collection_key(writer.key("ItemCollectionKey"));
  json::append_value(key.values.front(), collection_key.member(table.key_schema.hash.front().name));
  collection_key.end();
  ArrayWriter range(writer.key("SizeEstimateRangeGB"));
  append_real(std::floor(size), range.element());
  append_real(std::floor(size) + 1, range.element());
  range.end();
  writer.end();
}

}  // namespace stator::api
