#pragma once

#include <string>
#include <string_view>

namespace stator::engine {

/// A random UUID (version 4) as text.
std::string random_uuid();
/// A UUID (version 8) made of the name: always the same for one name, another for any other.
std::string named_uuid(std::string_view name);

}  // namespace stator::engine
