#pragma once

#include <string_view>

#include "endpoint/endpoint.h"
#include "stator/stator.h"

namespace stator::embed {

struct Target {
  std::string_view operation;
  endpoint::Service service;
};

/// An operation's name, which tells its service, or what SDKs send as X-Amz-Target.
Target read_target(std::string_view text);

/// The Result of the operation that `operation` names or is the target of, whatever `endpoint` throws. `region` is the
/// one that the client believes to call; empty: nothing is known. `notes` are those of the request; null: none are
/// wanted.
Result call(endpoint::Endpoint& endpoint, std::string_view operation, std::string_view request_json,
            std::string_view region = {}, endpoint::ReplyNotes* notes = nullptr);

}  // namespace stator::embed
