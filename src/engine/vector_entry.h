#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/index_entry.h"
#include "engine/table.h"

/// Entries of vector indexes. Format: docs/format.md, "Vector indexes".
namespace stator::engine {

/// The nearest 32-bit float; infinite if the number is beyond its range.
float to_float(const core::Number& number);

/// The entry of `item`; nullopt if the item does not belong in the index.
std::optional<IndexEntry> make_vector_entry(const Table& table, const Index& index, const json::Item& item,
                                            std::string_view item_json, std::size_t item_size_bytes,
                                            std::string_view table_key_parts);

/// Returns what is wrong with the attributes that the index reads, checking the vector before the search schema.
/// `update` limits the check as in check_index_keys. Source of the texts: captures of the open conformance suite,
/// August 2026.
std::optional<core::ApiError> check_vector_attributes(const Index& index, const json::Item& item,
                                                      const expression::Update* update);

/// The value of an INLINE_FILTER attribute as stored in entries: equal values have equal bytes.
std::string filter_part(const core::AttributeValue& value);

/// A stored entry; points into its value.
struct VectorEntry {
  std::size_t size_bytes = 0;
  const char* vector = nullptr;  // one 32-bit float for each dimension; not aligned
  /// The filters, followed by the JSON.
  std::string_view rest;
};
/// Throws core::DamageError.
VectorEntry read_vector_entry(std::string_view stored, std::size_t dimensions);
/// Returns the value of the next filter, empty if the item lacks the attribute, and advances `rest` past it. Throws
/// core::DamageError.
std::string_view next_filter(std::string_view& rest);

/// The size that the table is charged for a write of the item: its size, but counting four bytes for each dimension of
/// a vector that a vector index reads.
/// Source: measured at the service by the open conformance suite, October 2026.
std::size_t billed_size_bytes(const Table& table, const json::Item& item, std::size_t size_bytes);

}  // namespace stator::engine
