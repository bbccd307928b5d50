#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "endpoint/endpoint.h"
#include "toolkit/table_info.h"

/// Changes an item that others may change at the same time.
namespace stator::toolkit {

struct ItemChange {
  /// The number of attributes set and removed. If both are 0, the items are the same and `request` is empty.
  std::size_t set = 0;
  std::size_t removed = 0;
  /// UpdateItem's request.
  std::string request;
};

/// How a condition checks that lists and maps are unchanged.
enum class Watch : std::uint8_t {
  kWhole,   // with one comparison
  kLeaves,  // by their sizes and by the scalars and sets in them, as some implementations never find two maps equal
};

/// The UpdateItem request that turns the item `before` into `after` (both wire JSON), on the condition that the
/// attributes of `before` are unchanged and the new ones do not exist. If an item has more attributes than one
/// condition can hold, only the changed ones are checked. Throws WordError if the key differs.
ItemChange change_item(const TableInfo& table, std::string_view before, std::string_view after,
                       Watch watch = Watch::kWhole);

/// Whether two items (wire JSON) are equal as DynamoDB compares: numbers by value, sets and maps without order.
bool same_items(std::string_view one, std::string_view other);

}  // namespace stator::toolkit
