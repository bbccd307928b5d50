#pragma once

#include <cstdint>
#include <string>

/// What nobody can guess, from the system's source. std::random_device asks the processor what it can do first, which
/// in a virtual machine takes longer than the draw.
namespace stator::core {

/// Throws std::system_error where the system gives none.
std::uint64_t random_word();

/// A random UUID (version 4, RFC 9562) as text: 36 lower-case characters.
std::string random_uuid();

}  // namespace stator::core
