#pragma once

#include <string>

#include "core/api_error.h"
#include "endpoint/http_client.h"

namespace stator::endpoint {

/// What a reply with an error status says: type from x-amzn-errortype or __type (bare), message, status, and the other
/// members as `extra`. A body that is not DynamoDB's (a proxy's page) becomes "HTTP status 502 from URL".
core::ApiError parse_remote_error(const HttpReply& reply, const std::string& url);

}  // namespace stator::endpoint
