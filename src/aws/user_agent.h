#pragma once

#include <string>

namespace stator::aws {

/// "stator/0.1.0".
std::string user_agent();

}  // namespace stator::aws
