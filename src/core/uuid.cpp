#include "core/uuid.h"

#include "core/hexadecimal.h"

namespace stator::core {

std::string uuid_text(UuidBytes bytes, unsigned version) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | (version << 4U));
  bytes[8] = (bytes[8] & 0x3FU) | 0x80U;
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    append_hexadecimal_byte(static_cast<char>(bytes[i]), text);
  }
  return text;
}

}  // namespace stator::core
