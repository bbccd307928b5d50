#pragma once

namespace stator::api {

/// The account id of a server for which none is configured. At the service no account has it.
inline constexpr const char* kDefaultAccountId = "000000000000";

}  // namespace stator::api
