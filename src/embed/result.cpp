#include "embed/result.h"

#include <string>

#include "api/operations.h"
#include "core/api_error.h"

namespace stator::embed {
namespace {

Result failure(const core::ApiError& error) {
  return {.ok = false,
          .body = core::render_error(error),
          .error_type = std::string(error.type.name()),
          .error_message = error.message};
}

}  // namespace

Result call(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view request_json) {
  try {
    Result result{.ok = true, .body = {}, .error_type = {}, .error_message = {}};
    const api::Operation* const known = api::find_operation(operation);
    endpoint::Request request{.operation = operation, .body = request_json};
    if (known != nullptr && known->peculiarities.of_streams) request.service = endpoint::Service::kDynamoDbStreams;
    endpoint.call(request, result.body);
    return result;
  } catch (const core::ApiError& error) {
    return failure(error);
  } catch (const std::exception& error) {
    return failure(core::ApiError(core::ErrorCode::kInternalServerError, error.what()));
  }
}

}  // namespace stator::embed
