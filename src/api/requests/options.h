#pragma once

#include <cstdint>

#include "api/members.h"

/// Options of requests that say what the reply contains.
namespace stator::api {

/// ReturnValues.
enum class ReturnValues : std::uint8_t { kNone, kAllOld, kUpdatedOld, kAllNew, kUpdatedNew };

/// ReturnConsumedCapacity.
enum class CapacityDetail : std::uint8_t { kNone, kTotal, kIndexes };

CapacityDetail read_capacity_detail(const Members& request);
/// Whether ReturnItemCollectionMetrics is SIZE.
bool wants_item_collection(const Members& request);
/// Whether ReturnValuesOnConditionCheckFailure is ALL_OLD.
bool wants_old_on_failure(const Members& request);
/// Reads the ReturnValues of an update; the shape has checked the text.
ReturnValues read_return_values(const Members& request);
/// Reads the ReturnValues of a put or a delete. Throws "ReturnValues can only be ALL_OLD or NONE".
ReturnValues read_return_old(const Members& request);

}  // namespace stator::api
