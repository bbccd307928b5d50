#include "core/uuid.h"

#include <gtest/gtest.h>

#include <set>

#include "core/random.h"

namespace stator::core {
namespace {

TEST(Uuid, TakesVersionAndVariantIntoTheText) {
  UuidBytes zeros{};
  EXPECT_EQ(uuid_text(zeros, 4), "00000000-0000-4000-8000-000000000000");
  UuidBytes ones{};
  ones.fill(0xFF);
  EXPECT_EQ(uuid_text(ones, 8), "ffffffff-ffff-8fff-bfff-ffffffffffff");
  UuidBytes counted{};
  for (std::size_t i = 0; i < counted.size(); ++i) counted[i] = static_cast<std::uint8_t>(0x10 * i + i);
  EXPECT_EQ(uuid_text(counted, 4), "00112233-4455-4677-8899-aabbccddeeff");
}

TEST(Random, DrawsDiffer) {
  constexpr std::size_t kDraws = 100;
  std::set<std::uint64_t> words;
  std::set<std::string> uuids;
  for (std::size_t i = 0; i < kDraws; ++i) {
    words.insert(random_word());
    const std::string uuid = random_uuid();
    EXPECT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4');
    uuids.insert(uuid);
  }
  EXPECT_EQ(words.size(), kDraws);
  EXPECT_EQ(uuids.size(), kDraws);
}

}  // namespace
}  // namespace stator::core
