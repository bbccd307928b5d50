#pragma once

#include <string_view>

#include "endpoint/endpoint.h"
#include "stator/stator.h"

namespace stator::embed {

/// The operation's Result, whatever `endpoint` throws.
Result call(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view request_json);

}  // namespace stator::embed
