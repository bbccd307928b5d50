#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine.h"
#include "json/item.h"

namespace stator::engine {

/// An item before or after a change. To conditions and indexes, an item that does not exist looks like one without
/// attributes.
class ItemVersion {
 public:
  /// The canonical JSON, which must outlive this object; empty if there is no item.
  std::string_view json;
  std::size_t size_bytes = 0;

  [[nodiscard]] bool exists() const { return !json.empty(); }
  /// The attributes, parsed on first use and kept. Throws core::DamageError.
  [[nodiscard]] const json::Item& item() const {
    if (!item_) item_ = parse();
    return *item_;
  }
  /// The same, moved out; the next call of `item` parses again.
  [[nodiscard]] json::Item take_item() {
    if (!item_) return parse();
    json::Item taken = std::move(*item_);
    item_.reset();
    return taken;
  }
  /// For a version that is already parsed: `item` must hold the attributes in `json`.
  void set_item(json::Item item) { item_ = std::move(item); }

 private:
  [[nodiscard]] json::Item parse() const { return json.empty() ? json::Item() : json::Item(json); }
  mutable std::optional<json::Item> item_;
};

/// One change of one item, decided under the item's lock. Everything that has to be stored is made from it
/// (Writer::append): the item's row, index entries, counters, the expiry row, the records of the change log.
struct Change {
  TablePtr table;        // the newest version
  std::string_view key;  // the item's encoded key
  ChangeOrigin origin = ChangeOrigin::kCaller;
  std::int64_t time_ms = 0;
  ItemVersion before;
  ItemVersion after;

  /// False if the item stays the same byte for byte; then nothing is stored.
  [[nodiscard]] bool changes_item() const { return before.json != after.json; }

  // The texts that the versions point into.
  std::string stored_before;
  std::string updated_json;
};

}  // namespace stator::engine
