#include "api/item_collection.h"

#include <algorithm>
#include <cmath>

#include "json/writer.h"

namespace stator::api {

bool wants_item_collection(const Members& request) { return request.text("ReturnItemCollectionMetrics") == "SIZE"; }

bool has_item_collections(const engine::Table& table) {
  return std::ranges::any_of(table.indexes, [](const engine::Index& index) { return !index.global; });
}

void append_item_collection(Call& call, const engine::Table& table, const engine::Key& key, std::string& out) {
  constexpr double kGigabyte = 1024.0 * 1024.0 * 1024.0;
  const double size = static_cast<double>(call.engine().item_collection_size_bytes(table, key)) / kGigabyte;
  ObjectWriter writer(out);
  writer.key("ItemCollectionKey") += '{';
  json::append_string(table.key_schema.hash.front().name, out);
  out += ':';
  json::append_value(key.values.front(), out);
  out += '}';
  writer.key("SizeEstimateRangeGB") += '[';
  append_real(std::floor(size), out);
  out += ',';
  append_real(std::floor(size) + 1, out);
  out += ']';
  writer.end();
}

void write_item_collection(ObjectWriter& writer, Call& call, const engine::Table& table, const engine::Key& key) {
  if (!wants_item_collection(call.request) || !has_item_collections(table)) return;
  append_item_collection(call, table, key, writer.key("ItemCollectionMetrics"));
}

}  // namespace stator::api
