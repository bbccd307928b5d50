#include "engine/reader.h"

#include <algorithm>

#include "core/limits.h"
#include "engine/keys.h"
#include "engine/stored_value.h"
#include "json/writer.h"

namespace stator::engine {
namespace {

void append_key_member(const json::Item& item, const std::string& name, std::string& out) {
  if (out.size() > 1) out.push_back(',');
  json::append_string(name, out);
  out.push_back(':');
  item.append_attribute(name, out);
}

/// The attributes that say where to go on: the table's key, then what the index's key adds.
std::string last_key_json(const Table& table, const Index* index, std::string_view item_json) {
  const json::Item item(item_json);
  std::string out = "{";
  for (const auto* attributes : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *attributes) append_key_member(item, attribute.name, out);
  }
  if (index != nullptr) {
    for (const auto* attributes : {&index->key_schema.hash, &index->key_schema.range}) {
      for (const core::KeyAttribute& attribute : *attributes) {
        if (table.key_schema.find(attribute.name) == nullptr) append_key_member(item, attribute.name, out);
      }
    }
  }
  out.push_back('}');
  return out;
}

/// The walk begins behind the start position, which need not exist any more.
void apply_start(const PageRequest& request, KeyBounds& bounds) {
  if (!request.start) return;
  const std::string& start = request.start->encoded;
  if (request.forward) {
    if (start >= bounds.lower) bounds.lower = start + '\0';
  } else if (bounds.upper.empty() || start < bounds.upper) {
    bounds.upper = start;
  }
}

bool is_empty(const KeyBounds& bounds) { return !bounds.upper.empty() && bounds.lower >= bounds.upper; }

std::size_t index_position(const Table& table, const Index& index) {
  return static_cast<std::size_t>(&index - table.indexes.data());
}

}  // namespace

Page read_page(const store::Store& store, const PageRequest& request, const ItemSink& sink) {
  const Table& table = *request.table;
  Page page;
  std::size_t walked_bytes = 0;
  double fetch_units = 0;

  KeyBounds bounds = page_bounds(request);
  apply_start(request, bounds);
  if (!is_empty(bounds)) {
    // An item that is fetched must be the one its index entry was made of.
    std::unique_ptr<store::Snapshot> snapshot;
    if (request.fetch_from_table) snapshot = store.snapshot();
    const auto cursor = store.cursor(bounds.lower, bounds.upper, snapshot.get());
    request.forward ? cursor->seek_to_first() : cursor->seek_to_last();
    std::string fetched;
    for (; cursor->valid(); request.forward ? cursor->next() : cursor->prev()) {
      const StoredValue entry = read_value(cursor->value());
      walked_bytes += entry.size_bytes;
      ++page.scanned_count;
      std::string_view json = entry.json;
      if (request.fetch_from_table) {
        store.get(table_key_of(table, *request.index, cursor->key()), fetched, snapshot.get());
        const StoredValue whole = read_value(fetched);
        fetch_units += read_units(whole.size_bytes, request.consistent_read);
        json = whole.json;
      }
      if (request.filter == nullptr || request.filter->matches(json::Item(json))) {
        ++page.count;
        sink(json);
      }
      // The item that crosses the limit is still part of the page.
      const bool page_is_full =
          (request.limit && page.scanned_count >= *request.limit) || walked_bytes >= core::kMaxPageSizeBytes;
      if (page_is_full) {
        page.last_evaluated_key_json = last_key_json(table, request.index, entry.json);
        break;
      }
    }
  }
  const double walk_units = read_units(walked_bytes, request.consistent_read);
  if (request.index == nullptr) {
    page.capacity.table_read = walk_units;
  } else {
    page.capacity.table_read = fetch_units;
    page.capacity.indexes.push_back({index_position(table, *request.index), walk_units, 0});
  }
  return page;
}

}  // namespace stator::engine
