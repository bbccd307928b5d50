#pragma once

#include <string>

namespace stator::endpoint {

/// "stator/0.1.0".
std::string user_agent();

}  // namespace stator::endpoint
