#pragma once

#include <atomic>
#include <cstdint>

namespace stator::engine {

/// The number of fdatasync calls of this process so far, which the store makes for its log: the test program's own
/// fdatasync precedes libc's.
extern std::atomic<std::uint64_t> disk_waits;

}  // namespace stator::engine
