#pragma once

#include <cstdint>

#include "api/members.h"

/// Options of requests for what the reply contains.
namespace stator::api {

/// ReturnValues.
enum class ReturnValues : std::uint8_t { kNone, kAllOld, kUpdatedOld, kAllNew, kUpdatedNew };

/// ReturnConsumedCapacity.
enum class CapacityDetail : std::uint8_t { kNone, kTotal, kIndexes };

CapacityDetail read_capacity_detail(const Members& request);
/// ReturnItemCollectionMetrics=SIZE.
bool wants_item_collection(const Members& request);
/// ReturnValuesOnConditionCheckFailure=ALL_OLD.
bool wants_old_on_failure(const Members& request);
/// ReturnValues as an update takes it; its shape has checked the text.
ReturnValues read_return_values(const Members& request);
/// The same for a put or a delete. Throws "ReturnValues can only be ALL_OLD or NONE".
ReturnValues read_return_old(const Members& request);

}  // namespace stator::api
