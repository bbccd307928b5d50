#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::toolkit {

/// 128 bits, the same for items that are equal by DynamoDB's rules: numbers by value, sets and maps without order.
struct ItemHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const ItemHash&) const = default;
};
/// Of an item in wire JSON.
ItemHash hash_of_item(const json::Object& item);
ItemHash hash_of_text(std::string_view text);

/// Count and sum of all items' hashes: equal for tables that hold equal items, in whatever order they come.
struct TableChecksum {
  std::uint64_t items = 0;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  /// Adds an item (wire JSON).
  void add(const json::Object& item);
  void add(const TableChecksum& other);
  bool operator==(const TableChecksum&) const = default;
  /// 32 hex digits.
  [[nodiscard]] std::string text() const;
};

/// The checksum of a whole table, read in `segments` at once.
TableChecksum checksum_of_table(endpoint::Endpoint& endpoint, const std::string& table, std::uint32_t segments,
                                const std::function<void(std::uint64_t items)>& progress);

}  // namespace stator::toolkit
