// Checks bytes of data directories against fixed values that were computed from docs/format.md independently (with
// Python's xxhash and decimal). If a test here fails, directories of earlier versions can no longer be read.

#include <gtest/gtest.h>

#include <array>

#include "store/key_encoding.h"

namespace stator::store {
namespace {

using core::AttributeValue;
using core::Number;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return text;
}

std::string part(const AttributeValue& value) {
  std::string out;
  append_part(value, out);
  return hex(out);
}

TEST(GoldenBytes, PartitionHashes) {
  struct Row {
    std::size_t size;
    std::uint64_t hash;
  };
  // XXH3 uses a different algorithm for each range of sizes.
  constexpr Row kRows[] = {{0, 0x2d06800538d394c2},   {1, 0x13e608bc156defed},    {3, 0xa9088dda485b481c},
                           {4, 0x6d9253b16c8b1ed3},   {8, 0x60539db630471163},    {9, 0xfeff668361d723a8},
                           {16, 0xb8c859b0f030b585},  {17, 0x714a04408e79b80f},   {64, 0x38bcde5122f74956},
                           {128, 0x4634ae6a253a60e4}, {129, 0xc095b9b1b087722d},  {240, 0x887af00281f75d38},
                           {241, 0x82b1de299f6e411e}, {1024, 0xf75e768c7cdd54b2}, {5000, 0x8e5898f51713d386}};
  for (const Row& row : kRows) {
    std::string bytes(row.size, '\0');
    for (std::size_t i = 0; i < row.size; ++i) bytes[i] = static_cast<char>((i * 7 + 3) % 251);
    EXPECT_EQ(partition_hash(bytes), row.hash) << row.size;
  }
}

TEST(GoldenBytes, NumberParts) {
  struct Row {
    const char* number;
    const char* bytes;
  };
  constexpr Row kRows[] = {
      {"0", "01"},
      {"1", "02820b00"},
      {"-1", "007df4ff"},
      {"10", "02830b00"},
      {"12", "02830d00"},
      {"100", "02840b00"},
      {"-100", "007bf4ff"},
      {"1.5", "02821000"},
      {"0.05", "02803300"},
      {"-0.05", "007fccff"},
      {"123456789", "028a0d23394f5b00"},
      {"1E-130", "02000b00"},
      {"-1E-130", "00fff4ff"},
      {"9.9999999999999999999999999999999999999E+125", "02ff6464646464646464646464646464646464646400"},
      {"-9.9999999999999999999999999999999999999E+125", "00009b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9bff"},
      {"12345678901234567890123456789012345678", "02a70d23394f5b0d23394f5b0d23394f5b0d23394f00"}};
  for (const Row& row : kRows) {
    EXPECT_EQ(part(AttributeValue::number(Number::parse(row.number))), row.bytes) << row.number;
  }
}

TEST(GoldenBytes, StringAndBinaryParts) {
  struct Row {
    std::string_view content;
    const char* bytes;
  };
  constexpr Row kRows[] = {{"", "00"},
                           {"a", "6100"},
                           {{"\x00", 1}, "010100"},
                           {"\x01", "010200"},
                           {"\x02", "0200"},
                           {{"a\x00"
                             "b\x01"
                             "c",
                             5},
                            "6101016201026300"},
                           {"\xff\xfe", "fffe00"},
                           {"\xc3\xa9", "c3a900"}};
  for (const Row& row : kRows) {
    EXPECT_EQ(part(AttributeValue::string(std::string(row.content))), row.bytes);
    EXPECT_EQ(part(AttributeValue::binary(std::string(row.content))), row.bytes);
  }
}

TEST(GoldenBytes, PartitionPrefixes) {
  const std::array<AttributeValue, 1> alice = {AttributeValue::string("alice")};
  EXPECT_EQ(hex(partition_prefix(1, alice)), "000000010d598671b87dab6c616c69636500");
  const std::array<AttributeValue, 1> number = {AttributeValue::number(Number::parse("-7.25"))};
  EXPECT_EQ(hex(partition_prefix(0x01020304, number)), "010203044cafd28e2ad657e1007db6ccff");
  const std::array<AttributeValue, 2> several = {AttributeValue::string("g"), AttributeValue::number(Number(3))};
  EXPECT_EQ(hex(partition_prefix(2, several)), "0000000275b2deac0cbfdf6d670002821f00");
}

}  // namespace
}  // namespace stator::store
