#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace stator::testing {

/// Returns the least result of up to ten calls of `count`; stops at the first one of at most `enough`. For counts that
/// a busy machine can only raise.
template <typename Count>
std::size_t least_of_ten(std::size_t enough, Count count) {
  std::size_t least = SIZE_MAX;
  for (int attempt = 0; attempt < 10 && least > enough; ++attempt) least = std::min<std::size_t>(least, count());
  return least;
}

}  // namespace stator::testing
