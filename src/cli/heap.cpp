#include "cli/heap.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace stator::cli {
namespace {

/// The C library has up to eight heaps for each processor. Cached entries and blocks are allocated by one thread and
/// freed by another, and free memory in one heap cannot be used by the next. One heap for each processor is enough, as
/// no more threads than that allocate at once.
void share_heaps() {
  rlimit limit{};
  // A heap reserves 64 MB of address space. With a limit on it, little would be left for data, and a failed allocation
  // in one of RocksDB's threads ends the process.
  const bool addresses_are_few = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  ::mallopt(M_ARENA_MAX, addresses_are_few ? 1 : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

/// The C library keeps freed memory, and learns to keep ever larger blocks. Blocks larger than a usual request needs
/// (the reply of a page is smaller) are mapped instead, and so returned when freed.
void give_large_blocks_back() {
  constexpr int kMappedFromBytes = 4 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
  // By default the library keeps the trim threshold at twice the mmap threshold; setting the latter stops that. At its
  // initial value, each larger request would allocate the end of a heap again and return it.
  ::mallopt(M_TRIM_THRESHOLD, 2 * kMappedFromBytes);
}

}  // namespace

void prepare_heap() {
  share_heaps();
  give_large_blocks_back();
}

}  // namespace stator::cli
