#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace stator::store {

/// The memory of one memtable: taken from the system in blocks, and returned as a whole when the memtable has been
/// written out.
///
/// Reads of a memtable jump around, so with pages of 4 KB nearly every step also misses the TLB. Blocks of 2 MB and
/// more therefore use huge pages where the system has them; the first block does not, so that a memtable with little
/// content takes little memory.
///
/// Only one thread may allocate at a time.
class MemtableMemory {
 public:
  /// `memtable_bytes`: the size at which the memtable is written out.
  explicit MemtableMemory(std::size_t memtable_bytes);
  ~MemtableMemory();
  MemtableMemory(const MemtableMemory&) = delete;
  MemtableMemory& operator=(const MemtableMemory&) = delete;

  /// `alignment`: a power of two, at most a page. Throws std::bad_alloc.
  char* allocate(std::size_t bytes, std::size_t alignment);

  /// Bytes allocated. May be called from any thread.
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
