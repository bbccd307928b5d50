#include "store/memtable_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace stator::store {
namespace {

constexpr std::size_t kMegabyte = 1 << 20;

struct Piece {
  char* begin;
  std::size_t bytes;
  char filled;
};

void expect_that_none_overlap(const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) {
    ASSERT_TRUE(std::all_of(piece.begin, piece.begin + piece.bytes, [&](char byte) { return byte == piece.filled; }));
  }
}

TEST(MemtableMemory, GivesPiecesOfTheirOwn) {
  for (const std::size_t memtable_bytes : {std::size_t{0}, std::size_t{64} << 10, 3 * kMegabyte, 256 * kMegabyte}) {
    std::mt19937 random(1);
    MemtableMemory memory(memtable_bytes);
    std::vector<Piece> pieces;
    std::size_t asked_for = 0;
    for (int i = 0; i < 3000; ++i) {
      const std::size_t alignment = std::size_t{1} << random() % 7;
      // Most pieces are small, some are larger than a block.
      const std::size_t bytes = i % 500 == 499 ? random() % (5 * kMegabyte) : random() % 2000;
      char* const begin = memory.allocate(bytes, alignment);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(begin) % alignment, 0U);
      pieces.push_back({begin, bytes, static_cast<char>(i)});
      std::memset(begin, i, bytes);
      asked_for += bytes;
    }
    expect_that_none_overlap(pieces);
    EXPECT_GE(memory.used_bytes(), asked_for);
    // A piece of more than a quarter of a block gets whole pages.
    EXPECT_LT(memory.used_bytes(), asked_for + pieces.size() * (memtable_bytes < kMegabyte ? 4096 : 100));
  }
}

/// The memory that the process holds, in bytes.
std::size_t held_bytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  std::string word;
  while (file >> word && word != "Rss:") {
  }
  std::size_t kilobytes = 0;
  file >> kilobytes;
  return kilobytes << 10;
}

TEST(MemtableMemory, TakesLittleAtFirstAndGivesAllBack) {
  const std::size_t before = held_bytes();
  auto memory = std::make_unique<MemtableMemory>(64 * kMegabyte);
  std::memset(memory->allocate(1000, 8), 1, 1000);
  EXPECT_LT(held_bytes(), before + kMegabyte) << "no huge page for a few bytes";
  for (int i = 0; i < 64; ++i) std::memset(memory->allocate(kMegabyte, 8), 1, kMegabyte);
  EXPECT_GT(held_bytes(), before + 60 * kMegabyte);
  memory.reset();
  EXPECT_LT(held_bytes(), before + 4 * kMegabyte);
}

}  // namespace
}  // namespace stator::store
