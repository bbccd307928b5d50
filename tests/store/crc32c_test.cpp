#include "store/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace rocksdb::crc32c {
std::uint32_t Extend(std::uint32_t crc, const char* bytes, std::size_t count);
std::uint32_t Crc32cCombine(std::uint32_t first, std::uint32_t second, std::size_t second_bytes);
std::string IsFastCrc32Supported();
}  // namespace rocksdb::crc32c

namespace stator::store {
namespace {

/// Computes the checksum bit by bit, from the definition of the polynomial.
std::uint32_t by_definition(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

std::string random_bytes(std::size_t count) {
  std::mt19937 random(1);
  std::string bytes;
  while (bytes.size() < count) bytes.push_back(static_cast<char>(random()));
  return bytes;
}

TEST(Crc32c, IsThatOfTheStandard) {
  // RFC 3720, B.4, and the check value from catalogues of checksums.
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(Crc32c, OfAnyLengthAndFromAnyPlace) {
  const std::string bytes = random_bytes(5000);
  for (std::size_t length = 0; length <= bytes.size(); length += length < 70 ? 1 : 1 + length / 7) {
    for (const std::size_t from : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
      const std::string_view part = std::string_view(bytes).substr(from, length);
      ASSERT_EQ(crc32c(part), by_definition(part)) << from << " " << length;
    }
  }
}

TEST(Crc32c, OfPartsIsThatOfTheWhole) {
  const std::string bytes = random_bytes(4000);
  const std::uint32_t whole = crc32c(bytes);
  for (const std::size_t cut : {0UL, 1UL, 8UL, 511UL, 512UL, 1536UL, 1537UL, 3999UL, 4000UL}) {
    const std::string_view first = std::string_view(bytes).substr(0, cut);
    const std::string_view second = std::string_view(bytes).substr(cut);
    EXPECT_EQ(extend_crc32c(crc32c(first), second), whole) << cut;
    EXPECT_EQ(combine_crc32c(crc32c(first), crc32c(second), second.size()), whole) << cut;
  }
}

/// In a program linked with RocksDB's archive, RocksDB's functions are replaced by ours, and are as fast as the
/// processor allows.
TEST(Crc32c, IsRocksDbsToo) {
  const std::string bytes = random_bytes(3000);
  EXPECT_EQ(rocksdb::crc32c::Extend(0, bytes.data(), bytes.size()), crc32c(bytes));
  const std::string_view second = std::string_view(bytes).substr(1000);
  EXPECT_EQ(
      rocksdb::crc32c::Crc32cCombine(crc32c(std::string_view(bytes).substr(0, 1000)), crc32c(second), second.size()),
      crc32c(bytes));
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") != 0) {
    EXPECT_EQ(rocksdb::crc32c::IsFastCrc32Supported(), "Supported");
  }
#endif
}

}  // namespace
}  // namespace stator::store
