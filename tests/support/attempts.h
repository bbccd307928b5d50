#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace stator::testing {

/// The least that `count` returns in up to ten attempts, of which one with at most `enough` is the last: for what a
/// busy machine only makes more.
template <typename Count>
std::size_t least_of_ten(std::size_t enough, Count count) {
  std::size_t least = SIZE_MAX;
  for (int attempt = 0; attempt < 10 && least > enough; ++attempt) least = std::min<std::size_t>(least, count());
  return least;
}

}  // namespace stator::testing
