#include "core/random.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/uuid.h"

namespace stator::core {
namespace {

/// `size` is at most 256 bytes.
void fill_random(void* bytes, std::size_t size) {
  if (::getentropy(bytes, size) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
}

}  // namespace

std::uint64_t random_word() {
  std::uint64_t word = 0;
  fill_random(&word, sizeof word);
  return word;
}

std::string random_uuid() {
  constexpr unsigned kRandom = 4;
  UuidBytes bytes{};
  fill_random(bytes.data(), bytes.size());
  return uuid_text(bytes, kRandom);
}

}  // namespace stator::core
