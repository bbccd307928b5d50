#include "store/memtable_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace stator::store {
namespace {

constexpr std::size_t kHugePageBytes = 2 << 20;
constexpr std::size_t kMostBlockBytes = 2 * kHugePageBytes;
/// A memtable consists of at least kBlocks blocks; an allocation larger than 1/kPartsOfBlock of a block gets its own.
constexpr std::size_t kBlocks = 8;
constexpr std::size_t kPartsOfBlock = 4;

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t round_up(std::size_t bytes, std::size_t step) { return (bytes + step - 1) / step * step; }

char* aligned(char* address, std::size_t alignment) {
  return address + (alignment - reinterpret_cast<std::uintptr_t>(address) % alignment) % alignment;
}

}  // namespace

MemtableMemory::MemtableMemory(std::size_t memtable_bytes)
    : block_bytes_(std::clamp(round_up(memtable_bytes / kBlocks, page_bytes()), page_bytes(), kMostBlockBytes)) {}

MemtableMemory::~MemtableMemory() {
  for (const Block& block : blocks_) ::munmap(block.begin, block.bytes);
}

char* MemtableMemory::allocate(std::size_t bytes, std::size_t alignment) {
  char* begin = aligned(free_, alignment);
  if (free_ != nullptr && begin <= end_ && bytes <= static_cast<std::size_t>(end_ - begin)) {
    used_bytes_.store(used_bytes() + static_cast<std::size_t>(begin + bytes - free_), std::memory_order_relaxed);
    free_ = begin + bytes;
    return begin;
  }
  if (bytes > block_bytes_ / kPartsOfBlock) {
    const std::size_t mapped_bytes = round_up(bytes, page_bytes());
    begin = map(mapped_bytes, !blocks_.empty());
    used_bytes_.store(used_bytes() + mapped_bytes, std::memory_order_relaxed);
    return begin;
  }
  begin = map(block_bytes_, !blocks_.empty());
  free_ = begin + bytes;
  end_ = begin + block_bytes_;
  used_bytes_.store(used_bytes() + bytes, std::memory_order_relaxed);
  return begin;
}

char* MemtableMemory::map(std::size_t bytes, bool huge_pages) {
  blocks_.reserve(blocks_.size() + 1);
  huge_pages = huge_pages && bytes >= kHugePageBytes;
  // Not every kernel aligns such mappings to huge pages.
  std::size_t more_bytes = huge_pages ? kHugePageBytes : 0;
  const auto mapping = [](std::size_t length) {
    return ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  };
  void* memory = mapping(bytes + more_bytes);
  if (memory == MAP_FAILED && more_bytes > 0) {
    more_bytes = 0;
    memory = mapping(bytes);
  }
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* begin = static_cast<char*>(memory);
  if (more_bytes > 0) {
    char* const mapped = begin;
    begin = aligned(mapped, kHugePageBytes);
    const auto before = static_cast<std::size_t>(begin - mapped);
    if (before > 0) ::munmap(mapped, before);
    if (before < more_bytes) ::munmap(begin + bytes, more_bytes - before);
  }
  if (bytes >= kHugePageBytes) ::madvise(begin, bytes, huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  blocks_.push_back({begin, bytes});
  return begin;
}

}  // namespace stator::store
