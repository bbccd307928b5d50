#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/api_error.h"
#include "engine/table.h"
#include "expression/expression.h"
#include "json/item.h"

namespace stator::engine {

/// An item's entry in an index.
struct IndexEntry {
  std::string key;
  std::string_view item_json;  // with projection ALL: a view of the item's JSON
  std::string owned_json;      // with other projections
  std::string vector;          // of a vector index: the bytes before the JSON (vector_entry.h)
  std::size_t size_bytes = 0;  // as billed by the service
  [[nodiscard]] std::string_view json() const { return owned_json.empty() ? item_json : owned_json; }
  /// The bytes before the JSON in the entry's stored value.
  [[nodiscard]] std::string head() const;
  /// Whether `value` is what this entry is stored as.
  [[nodiscard]] bool is_stored_as(std::string_view value) const;
};

/// The entry of `item`; nullopt if the item does not belong in the index because a key attribute is missing, or its
/// type or size is not allowed for a key. `item_json` is the item's whole JSON and must outlive the entry.
std::optional<IndexEntry> make_index_entry(const Table& table, const Index& index, const json::Item& item,
                                           std::string_view item_json, std::size_t item_size_bytes,
                                           std::string_view table_key_parts);

/// Checks the attributes that are keys of indexes. Returns the fault in the index that comes first by name, with
/// core::Fault::kEmptyKey if the value is empty. `update` limits the check to attributes that it writes, as values from
/// before an index was added may stay; null: all are checked.
std::optional<core::ApiError> check_index_keys(const Table& table, const json::Item& item,
                                               const expression::Update* update);

}  // namespace stator::engine
