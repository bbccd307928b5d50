#include "endpoint/user_agent.h"

namespace stator::endpoint {

std::string user_agent() { return "stator/" STATOR_VERSION; }

}  // namespace stator::endpoint
