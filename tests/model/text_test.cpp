#include "model/text.h"

#include <gtest/gtest.h>

#include "core/utf8.h"

namespace stator::model {
namespace {

TEST(Text, CountsAndCutsCodePoints) {
  EXPECT_EQ(code_points("Zoë ⛵"), 5U);
  EXPECT_EQ(first_code_points("Zoë ⛵!", 3), "Zoë");
  EXPECT_EQ(first_code_points("ab", 40), "ab");
  EXPECT_EQ(code_points("\xff\xfe"), 2U);
}

TEST(Text, KnowsWellFormedUtf8) {
  for (const char* good : {"", "a", "é", "€", "😄", "\xf4\x8f\xbf\xbf"}) EXPECT_TRUE(core::is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98", "a\xff"})
    EXPECT_FALSE(core::is_utf8(bad));
}

TEST(Text, SuggestsWhatIsNearAndNothingElse) {
  const std::string_view words[] = {"schema-load", "drop", "seed", "scan", "list-tables"};
  EXPECT_EQ(nearest("sede", words), "seed");
  EXPECT_EQ(nearest("scna", words), "scan");
  EXPECT_EQ(nearest("schema-laod", words), "schema-load");
  EXPECT_EQ(nearest("list", words), "list-tables");
  EXPECT_EQ(nearest("xyzzy", words), "");
}

}  // namespace
}  // namespace stator::model
