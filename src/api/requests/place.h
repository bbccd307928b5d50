#pragma once

#include <cstdint>

namespace stator::api {

/// Where a request occurs: the service has checks and words that depend on it.
enum class Place : std::uint8_t {
  kOperation,          // an operation of its own
  kBatch,              // a member of BatchWriteItem
  kTransaction,        // an action of TransactWriteItems or TransactGetItems
  kVeryDeepOperation,  // an operation of its own whose values are very deep (api/shape.h)
};

/// Whether it is an operation of its own, of any depth.
constexpr bool is_operation(Place place) { return place == Place::kOperation || place == Place::kVeryDeepOperation; }

}  // namespace stator::api
