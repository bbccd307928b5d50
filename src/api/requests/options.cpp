#include "api/requests/options.h"

#include <array>
#include <utility>

#include "core/api_error.h"

namespace stator::api {

CapacityDetail read_capacity_detail(const Members& request) {
  const auto text = request.text("ReturnConsumedCapacity");
  if (text == "TOTAL") return CapacityDetail::kTotal;
  if (text == "INDEXES") return CapacityDetail::kIndexes;
  return CapacityDetail::kNone;
}

bool wants_item_collection(const Members& request) { return request.text("ReturnItemCollectionMetrics") == "SIZE"; }

bool wants_old_on_failure(const Members& request) {
  return request.text("ReturnValuesOnConditionCheckFailure") == "ALL_OLD";
}

ReturnValues read_return_values(const Members& request) {
  constexpr std::array kTexts = {
      std::pair{"ALL_OLD", ReturnValues::kAllOld}, std::pair{"UPDATED_OLD", ReturnValues::kUpdatedOld},
      std::pair{"ALL_NEW", ReturnValues::kAllNew}, std::pair{"UPDATED_NEW", ReturnValues::kUpdatedNew}};
  const auto text = request.text("ReturnValues");
  if (!text) return ReturnValues::kNone;
  for (const auto& [name, value] : kTexts) {
    if (*text == name) return value;
  }
  return ReturnValues::kNone;
}

ReturnValues read_return_old(const Members& request) {
  const ReturnValues value = read_return_values(request);
  if (value == ReturnValues::kNone || value == ReturnValues::kAllOld) return value;
  core::throw_validation("ReturnValues can only be ALL_OLD or NONE");
}

}  // namespace stator::api
