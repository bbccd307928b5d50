#include "store/key_encoding.h"

#include <gtest/gtest.h>

#include <random>

#include "core/damage_error.h"

namespace stator::store {
namespace {

using core::AttributeType;
using core::AttributeValue;
using core::Number;

std::string part(const AttributeValue& value) {
  std::string out;
  append_part(value, out);
  return out;
}

std::string random_bytes(std::mt19937& random) {
  // A small alphabet around the escapes makes prefixes and escapes frequent.
  constexpr std::string_view kAlphabet("\x00\x01\x02\x7f\xff", 5);
  std::string bytes(std::uniform_int_distribution<std::size_t>(0, 6)(random), '\0');
  for (char& byte : bytes) byte = kAlphabet[std::uniform_int_distribution<std::size_t>(0, 4)(random)];
  return bytes;
}

TEST(KeyPart, StringsSortByTheirBytesAndAreReadBack) {
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    const std::string left = random_bytes(random);
    const std::string right = random_bytes(random);
    const std::string left_part = part(AttributeValue::string(left));
    const std::string right_part = part(AttributeValue::string(right));
    ASSERT_EQ(left < right, left_part < right_part);
    ASSERT_EQ(left == right, left_part == right_part);
    if (left != right) {
      ASSERT_FALSE(right_part.starts_with(left_part)) << "a part is a prefix of another";
    }
    std::string joined = left_part + right_part;
    std::string_view in = joined;
    ASSERT_EQ(*read_part(AttributeType::kString, in).get_if<std::string>(), left);
    ASSERT_EQ(read_part(AttributeType::kBinary, in).get_if<AttributeValue::Binary>()->bytes, right);
    ASSERT_TRUE(in.empty());
  }
}

TEST(KeyPart, APrefixOfAStringIsAPrefixOfItsPart) {
  const std::string text("a\x00\x01z", 4);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    std::string prefix;
    append_part_prefix(std::string_view(text).substr(0, length), prefix);
    EXPECT_TRUE(part(AttributeValue::string(text)).starts_with(prefix)) << length;
  }
}

TEST(KeyPart, NumbersSortByValue) {
  constexpr const char* kAscending[] = {"-9.9999999999999999999999999999999999999E+125",
                                        "-1E125",
                                        "-100",
                                        "-10.5",
                                        "-10",
                                        "-9.99",
                                        "-1",
                                        "-0.5",
                                        "-0.05",
                                        "-1E-130",
                                        "0",
                                        "1E-130",
                                        "0.001",
                                        "0.0010000000000000000000000000000000001",
                                        "0.05",
                                        "0.5",
                                        "1",
                                        "2",
                                        "9",
                                        "10",
                                        "10.00000000000000000000000000000000001",
                                        "99",
                                        "100",
                                        "12345678901234567890123456789012345678",
                                        "1E125",
                                        "9.9999999999999999999999999999999999999E+125"};
  std::string before;
  for (const char* text : kAscending) {
    const Number number = Number::parse(text);
    const std::string encoded = part(AttributeValue::number(number));
    EXPECT_LT(before, encoded) << text;
    std::string_view in = encoded;
    EXPECT_EQ(*read_part(AttributeType::kNumber, in).get_if<Number>(), number) << text;
    EXPECT_TRUE(in.empty());
    before = encoded;
  }
}

TEST(KeyPart, CutOffPartsAreRefused) {
  std::string_view no_end = "abc";
  EXPECT_THROW(read_part(AttributeType::kString, no_end), core::DamageError);
  std::string_view cut_escape = "abc\x01";
  EXPECT_THROW(read_part(AttributeType::kString, cut_escape), core::DamageError);
}

TEST(PrefixEnd, IsTheSmallestStringBehindAllThatStartWithThePrefix) {
  EXPECT_EQ(prefix_end("a"), "b");
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
  EXPECT_EQ(prefix_end("\xff"), "");
  EXPECT_EQ(prefix_end(std::string_view("a\0", 2)), "a\x01");
}

}  // namespace
}  // namespace stator::store
