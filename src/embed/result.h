#pragma once

#include <string_view>

#include "endpoint/endpoint.h"
#include "stator/stator.h"

namespace stator::embed {

struct Target {
  std::string_view operation;
  endpoint::Service service;
};

/// Parses an operation's name, which determines its service, or an X-Amz-Target as SDKs send it.
Target parse_target(std::string_view text);

/// Calls the operation named by `operation` (its name or X-Amz-Target) and returns the Result, whatever `endpoint`
/// throws. `region` is the client's region; empty if unknown. `notes` receives the request's notes; may be null.
Result call(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view request_json,
            std::string_view region = {}, endpoint::ReplyNotes* notes = nullptr);

}  // namespace stator::embed
