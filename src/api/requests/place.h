#pragma once

#include <cstdint>

namespace stator::api {

/// Where a request stands: the service checks a few things only in some places, or words them differently.
enum class Place : std::uint8_t {
  kOperation,    // an operation of its own
  kBatch,        // a member of BatchWriteItem
  kTransaction,  // an action of TransactWriteItems or TransactGetItems
};

}  // namespace stator::api
