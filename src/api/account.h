#pragma once

namespace stator::api {

/// The account of a server that was not told another. At the service it is nobody's.
inline constexpr const char* kDefaultAccountId = "000000000000";

}  // namespace stator::api
