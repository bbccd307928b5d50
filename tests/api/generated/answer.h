#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "endpoint/embedded.h"

namespace stator::api::generated {

/// What came of one request, and what it cost.
struct Answer {
  /// The bare name of the error; empty where it was answered; "exception" for what is not a core::ApiError.
  std::string error;
  std::string message;
  /// The reply, or the error as it goes over the wire.
  std::string body;
  /// Processor time of the calling thread.
  std::int64_t cpu_us = 0;
  /// The most that the calling thread had allocated at one time, beyond what it had before.
  std::int64_t peak_bytes = 0;
};

/// Operations that are not built are only held against their shape: what the service answers first.
Answer answer(endpoint::Embedded& endpoint, std::string_view operation, bool built, std::string_view request);

/// What is wrong with an answer whatever the request was; empty where nothing is: an exception that is not an error of
/// DynamoDB's, an internal error, a body that is not JSON in UTF-8, a body or memory beyond bounds.
std::string fault_of(const Answer& answer, std::size_t request_bytes);

}  // namespace stator::api::generated
