#pragma once

#include <cstdint>

namespace stator::api {

/// Where a request stands: the service checks a few things only in some places, or words them differently.
enum class Place : std::uint8_t {
  kOperation,          // an operation of its own
  kBatch,              // a member of BatchWriteItem
  kTransaction,        // an action of TransactWriteItems or TransactGetItems
  kVeryDeepOperation,  // an operation of its own whose values are very deep (api/shape.h)
};

/// Whether it is an operation of its own, however it is read.
constexpr bool is_operation(Place place) { return place == Place::kOperation || place == Place::kVeryDeepOperation; }

}  // namespace stator::api
