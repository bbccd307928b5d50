#include "core/base64.h"

#include <gtest/gtest.h>

#include <random>

namespace stator::core {
namespace {

TEST(Base64, EncodesAndDecodesTheVectorsOfRfc4648) {
  struct Row {
    std::string bytes, text;
  };
  const Row rows[] = {{"", ""},
                      {"f", "Zg=="},
                      {"fo", "Zm8="},
                      {"foo", "Zm9v"},
                      {"foob", "Zm9vYg=="},
                      {"fooba", "Zm9vYmE="},
                      {"foobar", "Zm9vYmFy"},
                      {std::string("\0\xFF\xFE", 3), "AP/+"}};
  for (const Row& row : rows) {
    EXPECT_EQ(base64_encode(row.bytes), row.text);
    EXPECT_EQ(base64_decode(row.text), row.bytes) << row.text;
    EXPECT_EQ(base64_decoded_size(row.text), row.bytes.size()) << row.text;
  }
}

TEST(Base64, RefusesWhatIsNotStrict) {
  struct Row {
    std::string text, complaint;
  };
  const std::string last = "Invalid last non-pad Base64 character dectected";
  const auto wrong = [](std::string_view c) { return "Invalid Base64 character: '" + std::string(c) + "'"; };
  const Row rows[] = {
      {"23456", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
      {"YWJjZGVmZ2g", "Base64 encoded length is expected a multiple of 4 bytes but found: 11"},
      {"=", "Base64 encoded length is expected a multiple of 4 bytes but found: 1"},
      {"=+/=", last},
      {"+/+=", last},
      {"YWJj?!!?", wrong("?")},
      {"Zh==", last},
      {"Zm9=", last},
      {"====", last},
      {"Z===", last},
      {"Zg==Zg==", wrong("=")},
      {"Z g=", wrong(" ")},
      {"Zm9\n", wrong("\n")},
      {"\xFF"
       "dog",
       wrong("\xFF")},
      {"Zm-_", wrong("-")},
      {std::string("Zm\0v", 4), wrong(std::string_view("\0", 1))},
      {"Zmé", wrong("é")},
      {"😀", wrong("😀")},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(base64_decode(row.text), std::nullopt) << row.text;
    EXPECT_EQ(base64_decoded_size(row.text), std::nullopt) << row.text;
    EXPECT_EQ(base64_complaint(row.text), row.complaint);
  }
}

TEST(Base64, RoundTripsAnyBytes) {
  std::mt19937 random(64);
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes(length, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
}

}  // namespace
}  // namespace stator::core
