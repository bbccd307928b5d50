#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace stator::testing {

/// The smallest result of `count` in up to ten attempts; stops at one of at most `enough`. For measurements that a busy
/// machine can only increase.
template <typename Count>
std::size_t least_of_ten(std::size_t enough, Count count) {
  std::size_t least = SIZE_MAX;
  for (int attempt = 0; attempt < 10 && least > enough; ++attempt) least = std::min<std::size_t>(least, count());
  return least;
}

}  // namespace stator::testing
