#include "engine/random_id.h"

#include <random>
#include <string_view>

#include "core/hexadecimal.h"

namespace stator::engine {

std::string random_uuid() {
  std::random_device random;
  std::string uuid;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) uuid.push_back('-');
    unsigned digit = random() & 0xF;
    if (i == 12) digit = 4;                  // version: random
    if (i == 16) digit = 8 | (digit & 0x3);  // variant
    uuid.push_back(core::kHexadecimalDigits[digit]);
  }
  return uuid;
}

}  // namespace stator::engine
