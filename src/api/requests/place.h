#pragma once

#include <cstdint>

namespace stator::api {

/// Where a request occurs, on which checks and messages of the service depend.
enum class Place : std::uint8_t {
  kOperation,              // a whole operation
  kBatch,                  // a member of BatchWriteItem
  kTransaction,            // an action of TransactWriteItems or TransactGetItems
  kNewerTransaction,       // the same in a region where transactions are ahead (api/rollout.h)
  kOperationOfOlderLayer,  // a whole operation with very deep values (api/shape.h), or in a region where writes are
                           // behind
};

/// Whether the request is a whole operation.
constexpr bool is_operation(Place place) {
  return place == Place::kOperation || place == Place::kOperationOfOlderLayer;
}
constexpr bool is_transaction(Place place) { return place == Place::kTransaction || place == Place::kNewerTransaction; }

}  // namespace stator::api
