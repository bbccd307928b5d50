#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "endpoint/embedded.h"

namespace stator::api::generated {

/// The outcome of one request, and its cost.
struct Answer {
  /// The bare name of the error; empty if the request succeeded; "exception" for anything but a core::ApiError.
  std::string error;
  std::string message;
  /// The body of the reply or error, as sent over the wire.
  std::string body;
  /// Processor time of the calling thread.
  std::int64_t cpu_us = 0;
  /// The most bytes that the calling thread held at one time, beyond what it held before.
  std::int64_t peak_bytes = 0;
};

/// Executes one request. Operations that are not implemented are only checked against their shape, which is the
/// service's first check.
Answer answer(endpoint::Embedded& endpoint, std::string_view operation, bool built, std::string_view request);

/// Returns what is wrong with an answer to any request; empty if nothing is. Wrong are: an exception that is no
/// DynamoDB error, an internal error, a body that is not JSON in UTF-8, a body or memory use beyond the bounds.
std::string fault_of(const Answer& answer, std::size_t request_bytes);

}  // namespace stator::api::generated
