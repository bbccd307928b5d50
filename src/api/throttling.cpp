#include "api/throttling.h"

#include <string>

#include "api/call.h"
#include "json/object_writer.h"

namespace stator::api {
namespace {

using core::ErrorCode;
using engine::ThroughputExceeded;
using engine::ThroughputLimit;

// Sources: API reference, TransactWriteItems and TransactGetItems, "ProvisionedThroughputExceeded" and
// "ThrottlingError".
constexpr std::string_view kTableUnits =
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API.";
constexpr std::string_view kIndexUnits =
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the "
    "UpdateTable API";
constexpr std::string_view kTableOnDemand =
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";
constexpr std::string_view kIndexOnDemand =
    "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically "
    "scaling your index so please try again shortly.";
constexpr std::string_view kAccountUnits = "Throughput exceeds the current throughput limit for your account.";

std::string_view message_of(const core::ErrorType& type, bool of_index) {
  if (type == ErrorCode::kProvisionedThroughputExceeded) return of_index ? kIndexUnits : kTableUnits;
  if (type == ErrorCode::kRequestLimitExceeded) return kAccountUnits;
  return of_index ? kIndexOnDemand : kTableOnDemand;
}

std::string_view name_of(ThroughputLimit limit) {
  switch (limit) {
    case ThroughputLimit::kProvisioned:
      return "ProvisionedThroughputExceeded";
    case ThroughputLimit::kKeyRange:
      return "KeyRangeThroughputExceeded";
    case ThroughputLimit::kMaxOnDemand:
      return "MaxOnDemandThroughputExceeded";
    case ThroughputLimit::kAccount:
      break;
  }
  return "AccountLimitExceeded";
}

ErrorCode code_of(const ThroughputExceeded& exceeded) {
  if (exceeded.limit == ThroughputLimit::kAccount) return ErrorCode::kRequestLimitExceeded;
  return exceeded.on_demand ? ErrorCode::kThrottling : ErrorCode::kProvisionedThroughputExceeded;
}

}  // namespace

core::ApiError throttling_error(const Throttled& throttled) {
  const std::string_view message = message_of(throttled.type, !throttled.index.empty());
  core::ApiError error(throttled.type, std::string(message));
  if (throttled.limit.empty() || throttled.table_arn.empty()) return error;
  std::string reasons;
  json::ArrayWriter list(reasons);
  json::ObjectWriter reason(list.element());
  const std::string what = throttled.index.empty() ? "Table" : "Index";
  reason.text("reason", what + (throttled.write ? "Write" : "Read") + std::string(throttled.limit));
  std::string resource = throttled.table_arn;
  if (!throttled.index.empty()) resource += "/index/" + std::string(throttled.index);
  reason.text("resource", resource);
  reason.end();
  list.end();
  // ThrottlingException comes from another protocol layer, whose member names begin in lower case.
  const bool small = throttled.type == ErrorCode::kThrottling;
  error.extra = (small ? "\"throttlingReasons\":" : "\"ThrottlingReasons\":") + reasons;
  return error;
}

core::ApiError throttling_error(const Context& context, const ThroughputExceeded& exceeded) {
  return throttling_error({.type = code_of(exceeded),
                           .limit = name_of(exceeded.limit),
                           .write = exceeded.write,
                           .table_arn = table_arn(context, exceeded.table),
                           .index = exceeded.index});
}

ThrottledAction throttled_action(const core::ErrorType& type, bool of_index) {
  const bool provisioned = type == ErrorCode::kProvisionedThroughputExceeded;
  return {provisioned ? "ProvisionedThroughputExceeded" : "ThrottlingError", message_of(type, of_index)};
}

ThrottledAction throttled_action(const ThroughputExceeded& exceeded) {
  return throttled_action(code_of(exceeded), !exceeded.index.empty());
}

}  // namespace stator::api
