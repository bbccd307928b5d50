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
  std::string_view item_json;  // projection ALL: the item's own, not copied
  std::string owned_json;      // else
  std::string vector;          // of a vector index: what stands before the JSON (vector_entry.h)
  std::size_t size_bytes = 0;  // as the service bills it
  [[nodiscard]] std::string_view json() const { return owned_json.empty() ? item_json : owned_json; }
  /// What stands before the JSON in the entry's value.
  [[nodiscard]] std::string head() const;
  /// Whether a stored value is that of this entry.
  [[nodiscard]] bool is_stored_as(std::string_view value) const;
};

/// The entry of `item` (whose whole JSON and size are given, and must outlive the entry); nullopt where the item does
/// not belong into the index: it lacks a key attribute, or has it in a type or size that cannot be a key.
std::optional<IndexEntry> make_index_entry(const Table& table, const Index& index, const json::Item& item,
                                           std::string_view item_json, std::size_t item_size_bytes,
                                           std::string_view table_key_parts);

/// Checks the attributes that are keys of indexes; returns what is wrong with the first that is, with
/// core::Fault::kEmptyKey where it is empty. `update` limits the check to attributes that it writes (what was there
/// before an index was added may stay); null checks all.
std::optional<core::ApiError> check_index_keys(const Table& table, const json::Item& item,
                                               const expression::Update* update);

}  // namespace stator::engine
