#pragma once

#include <cstdint>
#include <optional>

#include "core/api_error.h"
#include "http/client.h"

/// Clocks that are wrong: the service refuses signatures of a time that is five minutes from its own. As the SDKs do,
/// who signed then signs by the Date of its reply.
namespace stator::aws {

/// The service's time, where that may be why it refused a request that was signed by another; nullopt otherwise.
std::optional<std::int64_t> service_time_ms(const core::ApiError& error, const http::Reply& reply,
                                            std::int64_t signed_at_ms);

}  // namespace stator::aws
