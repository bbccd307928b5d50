#include "core/utf8.h"

#include <gtest/gtest.h>

#include "core/api_error.h"

namespace stator::core {
namespace {

TEST(Utf8, IsCutBetweenCharacters) {
  struct Row {
    std::string_view text;
    std::size_t max_bytes;
    std::string_view prefix;
  };
  const Row rows[] = {
      {"abc", 2, "ab"}, {"abc", 3, "abc"}, {"abc", 9, "abc"}, {"", 0, ""},      {"é", 1, ""},
      {"aé", 2, "a"},   {"aé", 3, "aé"},   {"a😀b", 4, "a"},   {"a😀b", 5, "a😀"}, {"€€", 5, "€"},
      {"a😀b", 3, "a"},  {"a😀b", 2, "a"},   {"é", 0, ""},
  };
  for (const Row& row : rows) EXPECT_EQ(utf8_prefix(row.text, row.max_bytes), row.prefix) << row.text << row.max_bytes;
}

TEST(Utf8, MalformedBytesAreReplaced) {
  EXPECT_EQ(to_utf8("aé😀\xef\xbf\xbd"), "aé😀\xef\xbf\xbd");
  EXPECT_EQ(to_utf8("a\xc3"), "a\xef\xbf\xbd");
  EXPECT_EQ(to_utf8("\xff"
                    "b\xed\xa0\x80"),
            "\xef\xbf\xbd"
            "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(RenderError, IsAlwaysUtf8AndBounded) {
  const std::string half = render_error(ApiError("ValidationException", "Value '\xc3' is wrong"));
  EXPECT_TRUE(is_utf8(half)) << half;
  EXPECT_NE(half.find("Value '\xef\xbf\xbd' is wrong"), std::string::npos) << half;
  for (const std::size_t before : {0, 1, 2, 3}) {
    std::string long_text(before, 'x');
    while (long_text.size() < std::size_t{3} << 20) long_text += "😀";
    const std::string body = render_error(ApiError("ValidationException", long_text));
    EXPECT_TRUE(is_utf8(body));
    EXPECT_LT(body.size(), (std::size_t{1} << 20) + 200);
  }
}

}  // namespace
}  // namespace stator::core
