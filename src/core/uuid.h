#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace stator::core {

using UuidBytes = std::array<std::uint8_t, 16>;

/// The text of a UUID, 36 lower-case characters; the version (1 to 8) and RFC 9562's variant replace the six bits
/// reserved for them.
std::string uuid_text(UuidBytes bytes, unsigned version);

}  // namespace stator::core
