#include "core/hexadecimal.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace stator::core {
namespace {

TEST(Hexadecimal, HasTwoDigitsAByte) {
  EXPECT_EQ(hexadecimal(std::string_view("\x00\x7f\x80\xff", 4)), "007f80ff");
  EXPECT_EQ(hexadecimal(std::string_view("\xab"), kHexadecimalCapitals), "AB");
  EXPECT_EQ(hexadecimal(std::string_view()), "");
}

TEST(Hexadecimal, HasLeadingZeros) {
  EXPECT_EQ(hexadecimal(std::uint64_t{0x1f}), "000000000000001f");
  EXPECT_EQ(hexadecimal(std::uint32_t{0xfedcba98}), "fedcba98");
  EXPECT_EQ(hexadecimal(std::uint16_t{0xab}, kHexadecimalCapitals), "00AB");
}

TEST(Hexadecimal, ReadsDigitsOfBothKindsAndNothingElse) {
  for (std::size_t value = 0; value < 16; ++value) {
    EXPECT_EQ(hexadecimal_value(kHexadecimalDigits[value]), static_cast<int>(value));
    EXPECT_EQ(hexadecimal_value(kHexadecimalCapitals[value]), static_cast<int>(value));
  }
  for (const char c : {'/', ':', '@', 'G', '`', 'g', ' ', '\0', '\xe4'}) EXPECT_EQ(hexadecimal_value(c), -1) << c;
}

}  // namespace
}  // namespace stator::core
