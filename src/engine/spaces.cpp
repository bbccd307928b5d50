#include "engine/spaces.h"

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

#include "engine/keys.h"

namespace stator::engine {

void Spaces::load() {
  std::string text;
  if (!store_.get(catalog_key(CatalogRow::kNextSpace), text)) return;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), next_);
  if (error != std::errc() || end != text.data() + text.size()) throw std::runtime_error("the next space");
}

store::SpaceId Spaces::take(store::Batch& batch) {
  const store::SpaceId space = next_++;
  batch.put(catalog_key(CatalogRow::kNextSpace), std::to_string(next_));
  return space;
}

void Spaces::note_dropped(const std::vector<store::SpaceId>& spaces, store::Batch& batch) {
  for (const store::SpaceId space : spaces) batch.put(catalog_key(CatalogRow::kDropped, space), {});
}

std::vector<store::SpaceId> Spaces::noted_as_dropped() const {
  std::vector<store::SpaceId> dropped;
  const std::string lower = catalog_key(CatalogRow::kDropped);
  const auto rows = store_.cursor(lower, store::prefix_end(lower));
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    const std::string_view key = rows->key().substr(lower.size());
    store::SpaceId space = 0;
    for (const char byte : key) space = space << 8 | static_cast<unsigned char>(byte);
    if (key.size() != sizeof(space) || space == 0) throw std::runtime_error("a dropped space");
    dropped.push_back(space);
  }
  return dropped;
}

void Spaces::drop(const std::vector<store::SpaceId>& spaces) {
  store::Batch batch;
  for (const store::SpaceId space : spaces) {
    const KeyBounds rows = space_bounds(space);
    store_.delete_range(rows.lower, rows.upper);
    const std::string counters = catalog_key(CatalogRow::kCounters, space);
    store_.delete_range(counters, store::prefix_end(counters));
    batch.remove(catalog_key(CatalogRow::kBuild, space));
    batch.remove(catalog_key(CatalogRow::kDropped, space));
  }
  if (!batch.empty()) store_.write(batch);
}

bool Spaces::is_empty(store::SpaceId space) const {
  const KeyBounds bounds = space_bounds(space);
  const auto cursor = store_.cursor(bounds.lower, bounds.upper);
  cursor->seek_to_first();
  return !cursor->valid();
}

}  // namespace stator::engine
