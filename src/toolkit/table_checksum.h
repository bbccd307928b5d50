#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "endpoint/endpoint.h"
#include "json/reader.h"

namespace stator::toolkit {

/// 128 bits, equal for items that are equal by DynamoDB's rules: numbers by value, sets and maps in any order.
struct ItemHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const ItemHash&) const = default;
};
/// The hash of an item (wire JSON), and of a text.
ItemHash hash_of_item(const json::Object& item);
ItemHash hash_of_text(std::string_view text);

/// The number of items and the sum of their hashes: equal for tables that hold equal items, in any order.
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

/// The checksum of a whole table. Reads `segments` segments at once; calls `progress` with the number of items so far.
TableChecksum checksum_of_table(endpoint::Endpoint& endpoint, const std::string& table, std::uint32_t segments,
                                const std::function<void(std::uint64_t items)>& progress);

}  // namespace stator::toolkit
