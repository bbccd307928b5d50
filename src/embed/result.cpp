#include "embed/result.h"

#include <string>

#include "api/operations.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "endpoint/target.h"

namespace stator::embed {
namespace {

Result failure(const core::ApiError& error) {
  return {.ok = false,
          .body = core::render_error(error),
          .error_type = std::string(error.type.name()),
          .error_message = error.message,
          .http_status = core::http_status(error)};
}

/// The service's answer to a body that is too large; that answer has no body.
Result too_large() {
  const core::ApiError error(core::ErrorCode::kRequestEntityTooLarge, "The request body is larger than 16 MB");
  Result result = failure(error);
  result.body.clear();
  return result;
}

}  // namespace

Target parse_target(std::string_view text) {
  for (const auto& [prefix, service] : endpoint::kTargetPrefixes) {
    if (text.starts_with(prefix)) return {text.substr(prefix.size()), service};
  }
  const api::Operation* const known = api::find_operation(text);
  const bool of_streams = known != nullptr && known->special_rules.of_streams;
  return {text, of_streams ? endpoint::Service::kDynamoDbStreams : endpoint::Service::kDynamoDb};
}

Result call(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view request_json,
            std::string_view region, endpoint::ReplyNotes* notes) {
  if (request_json.size() > core::kMaxRequestBodySizeBytes) return too_large();
  try {
    Result result{.ok = true, .body = {}, .error_type = {}, .error_message = {}};
    const Target target = parse_target(operation);
    endpoint::Request request{.operation = target.operation, .body = request_json};
    request.service = target.service;
    request.region = region;
    request.notes = notes;
    endpoint.call(request, result.body);
    return result;
  } catch (const core::ApiError& error) {
    return failure(error);
  } catch (const std::exception& error) {
    return failure(core::ApiError(core::ErrorCode::kInternalServerError, error.what()));
  }
}

}  // namespace stator::embed
