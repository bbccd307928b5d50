#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/index_entry.h"
#include "engine/table.h"

/// What vector indexes hold of items. Format: docs/format.md, "Vector indexes".
namespace stator::engine {

/// The nearest number of 32 bits; infinite where the number is beyond their range.
float to_float(const core::Number& number);

/// The entry of `item`; nullopt where the item does not belong into the index.
std::optional<IndexEntry> make_vector_entry(const Table& table, const Index& index, const json::Item& item,
                                            std::string_view item_json, std::size_t item_size_bytes,
                                            std::string_view table_key_parts);

/// What is wrong with the attributes that the index reads, the vector before the search schema. `update` limits the
/// check as check_index_keys does. Source of the words: the open conformance suite's captures of August 2026.
std::optional<core::ApiError> check_vector_attributes(const Index& index, const json::Item& item,
                                                      const expression::Update* update);

/// A search attribute's value as entries hold it, for INLINE_FILTER elements: equal values have equal bytes.
std::string filter_part(const core::AttributeValue& value);

/// A stored entry; points into its value.
struct VectorEntry {
  std::size_t size_bytes = 0;
  const char* vector = nullptr;  // numbers of 32 bits, as many as dimensions; not aligned
  /// The filters and the JSON behind them.
  std::string_view rest;
};
/// Throws core::DamageError.
VectorEntry read_vector_entry(std::string_view stored, std::size_t dimensions);
/// The next filter's part, empty where the item lacks the attribute; advances `rest`. Throws core::DamageError.
std::string_view next_filter(std::string_view& rest);

/// What the table is charged for a write of the item: its size, but each attribute that a vector index reads costs four
/// bytes a dimension.
/// Source: measured at the service by the open conformance suite, October 2026.
std::size_t billed_size_bytes(const Table& table, const json::Item& item, std::size_t size_bytes);

}  // namespace stator::engine
