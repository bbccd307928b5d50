#pragma once

#include <algorithm>
#include <cstddef>

namespace stator::store {

/// The steps in which a memtable of that size allocates. Where the C library maps blocks of this size, it takes them
/// from the system page by page, as they are written to, and gives them back at once.
constexpr std::size_t memtable_block_bytes(std::size_t memtable_bytes) {
  constexpr std::size_t kMostBytes = 4 << 20;
  return std::min(kMostBytes, memtable_bytes / 8);
}

}  // namespace stator::store
