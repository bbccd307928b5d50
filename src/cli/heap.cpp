#include "cli/heap.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace stator::cli {
namespace {

/// The C library has up to eight heaps a processor. Cached entries and blocks are made by one thread and freed by
/// another, and what is free in one heap is no room for what comes in the next. No more threads than processors
/// allocate at once.
void share_heaps() {
  rlimit limit{};
  // A heap reserves 64 MB of address space. Under a limit little would be left for data, and a failed allocation in one
  // of RocksDB's threads ends the process.
  const bool addresses_are_few = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  ::mallopt(M_ARENA_MAX, addresses_are_few ? 1 : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

/// The C library keeps what is freed and learns to do so with ever larger blocks. Those that no usual request needs (a
/// page's reply is smaller) are mapped instead, and given back.
void give_large_blocks_back() {
  constexpr int kMappedFromBytes = 4 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
  // The library would follow the first with the second by itself; with it fixed, the end of a heap would go back and
  // come again with each larger request.
  ::mallopt(M_TRIM_THRESHOLD, 2 * kMappedFromBytes);
}

}  // namespace

void prepare_heap() {
  share_heaps();
  give_large_blocks_back();
}

}  // namespace stator::cli
