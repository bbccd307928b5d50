#include "engine/random_id.h"

#include <xxhash.h>

#include <array>
#include <random>

#include "core/hexadecimal.h"

namespace stator::engine {
namespace {

constexpr std::size_t kDigits = 32;
using Digits = std::array<unsigned, kDigits>;

std::string uuid_of(const Digits& digits, unsigned version) {
  std::string uuid;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) uuid.push_back('-');
    unsigned digit = digits[i];
    if (i == 12) digit = version;
    if (i == 16) digit = 8 | (digit & 0x3);  // variant
    uuid.push_back(core::kHexadecimalDigits[digit]);
  }
  return uuid;
}

}  // namespace

std::string random_uuid() {
  constexpr unsigned kRandom = 4;
  std::random_device random;
  Digits digits{};
  for (unsigned& digit : digits) digit = random() & 0xF;
  return uuid_of(digits, kRandom);
}

std::string named_uuid(std::string_view name) {
  constexpr unsigned kOwnKind = 8;
  XXH128_canonical_t hash;
  XXH128_canonicalFromHash(&hash, XXH3_128bits(name.data(), name.size()));
  Digits digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = (hash.digest[i / 2] >> (i % 2 == 0 ? 4U : 0U)) & 0xFU;
  return uuid_of(digits, kOwnKind);
}

}  // namespace stator::engine
