#pragma once

#include <cstdint>

namespace stator::api {

/// Where a request occurs: the service has checks and words that depend on it.
enum class Place : std::uint8_t {
  kOperation,         // an operation of its own
  kBatch,             // a member of BatchWriteItem
  kTransaction,       // an action of TransactWriteItems or TransactGetItems
  kNewerTransaction,  // the same in a region where transactions are ahead (api/rollout.h)
  kOlderOperation,    // an operation of its own whose values are very deep (api/shape.h), or where writes are behind
};

/// Whether it is an operation of its own.
constexpr bool is_operation(Place place) { return place == Place::kOperation || place == Place::kOlderOperation; }
constexpr bool is_transaction(Place place) { return place == Place::kTransaction || place == Place::kNewerTransaction; }

}  // namespace stator::api
