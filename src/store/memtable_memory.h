#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace stator::store {

/// The memory of one memtable: taken from the system in blocks, and given back to it as a whole when the memtable is
/// written out.
///
/// A memtable is read here and there, so that in pages of 4 KB nearly every step misses the processor's table of
/// pages, too. Blocks of 2 MB and more are therefore of huge pages, where the system has them; the first is not, so
/// that a memtable with little in it takes little.
///
/// One thread allocates at a time.
class MemtableMemory {
 public:
  /// `memtable_bytes`: what the memtable is to hold until it is written out.
  explicit MemtableMemory(std::size_t memtable_bytes);
  ~MemtableMemory();
  MemtableMemory(const MemtableMemory&) = delete;
  MemtableMemory& operator=(const MemtableMemory&) = delete;

  /// `alignment`: a power of two, a page's size at most. Throws std::bad_alloc.
  char* allocate(std::size_t bytes, std::size_t alignment);

  /// What was allocated, in bytes; from any thread.
  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Block {
    char* begin;
    std::size_t bytes;
  };
  char* map(std::size_t bytes, bool huge_pages);

  const std::size_t block_bytes_;
  std::vector<Block> blocks_;
  char* free_ = nullptr;
  char* end_ = nullptr;
  std::atomic<std::size_t> used_bytes_{0};
};

}  // namespace stator::store
