#pragma once

#include <cstdint>
#include <string>

/// Unpredictable values from the system's source. (std::random_device first queries the processor's features, which
/// takes longer than the draw in a virtual machine.)
namespace stator::core {

/// Throws std::system_error if the system provides none.
std::uint64_t random_word();

/// A random UUID (version 4, RFC 9562) as text: 36 lower-case characters.
std::string random_uuid();

}  // namespace stator::core
