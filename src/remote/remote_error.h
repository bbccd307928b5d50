#pragma once

#include <string>

#include "core/api_error.h"
#include "http/client.h"

namespace stator::remote {

/// The error in a reply with an error status: type from x-amzn-errortype or __type (bare), message, status, and the
/// other members as `extra`. A body that is not DynamoDB's (a proxy's page) becomes "HTTP status 502 from URL".
core::ApiError parse_remote_error(const http::Reply& reply, const std::string& url);

}  // namespace stator::remote
