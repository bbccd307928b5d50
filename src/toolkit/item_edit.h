#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "endpoint/endpoint.h"
#include "toolkit/table_info.h"

/// Changes an item that others may change at the same time.
namespace stator::toolkit {

struct ItemChange {
  /// Attributes set and removed; both 0: the items are the same, and there is no request.
  std::size_t set = 0;
  std::size_t removed = 0;
  /// UpdateItem's request.
  std::string request;
};

/// How a condition checks that lists and maps are unchanged.
enum class Watch : std::uint8_t {
  kWhole,   // by one comparison
  kLeaves,  // by their sizes and the scalars and sets in them: some implementations never find two maps equal
};

/// The UpdateItem request that turns the item `before` into `after` (both wire JSON), on the condition that the
/// attributes of `before` are what they were and the new ones are not there. Items of more attributes than one
/// condition can hold are checked for the changed ones only. Throws WordError where the key differs.
ItemChange change_item(const TableInfo& table, std::string_view before, std::string_view after,
                       Watch watch = Watch::kWhole);

/// Whether two items (wire JSON) are equal as DynamoDB compares: numbers by value, sets and maps without order.
bool same_items(std::string_view one, std::string_view other);

}  // namespace stator::toolkit
