#include "aws/user_agent.h"

namespace stator::aws {

std::string user_agent() { return "stator/" STATOR_VERSION; }

}  // namespace stator::aws
