#pragma once

#include <atomic>
#include <cstdint>

namespace stator::engine {

/// How often this process has waited for the disk with fdatasync, as the store does for its log: the test program has
/// an fdatasync of its own before libc's.
extern std::atomic<std::uint64_t> disk_waits;

}  // namespace stator::engine
