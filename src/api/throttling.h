#pragma once

#include <string>
#include <string_view>

#include "api/api.h"
#include "core/api_error.h"
#include "engine/metering.h"

/// The errors for throttled requests, with the service's texts.
namespace stator::api {

/// Which limit was exceeded, and for which table or (if `index` is not empty) global index.
struct Throttled {
  core::ErrorType type = core::ErrorCode::kThrottling;
  /// For example "KeyRangeThroughputExceeded"; empty: without ThrottlingReasons.
  std::string_view limit = {};
  bool write = false;
  std::string table_arn = {};
  std::string_view index = {};
};

/// The error with its ThrottlingReasons.
core::ApiError throttling_error(const Throttled& throttled);
/// The error for a request that the engine refused.
core::ApiError throttling_error(const Context& context, const engine::ThroughputExceeded& exceeded);

/// Code and message for one action of a transaction or batch.
struct ThrottledAction {
  std::string_view code;
  std::string_view message;
};
ThrottledAction throttled_action(const core::ErrorType& type, bool of_index);
ThrottledAction throttled_action(const engine::ThroughputExceeded& exceeded);

}  // namespace stator::api
