#pragma once

#include <string>

namespace stator::engine {

/// A random UUID (version 4) as text.
std::string random_uuid();

}  // namespace stator::engine
