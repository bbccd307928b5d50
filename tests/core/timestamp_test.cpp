#include "core/timestamp.h"

#include <gtest/gtest.h>

namespace stator::core {
namespace {

TEST(Timestamp, ReadsTheFormsThatOccur) {
  const std::pair<const char*, const char*> rows[] = {
      {"2023-03-20T10:00:00.000000+00:00", "2023-03-20T10:00:00.000000+00:00"},
      {"2023-03-20 10:00:00Z", "2023-03-20T10:00:00.000000+00:00"},
      {"2023-03-20T10:00:00.5+02:00", "2023-03-20T08:00:00.500000+00:00"},
      {"2023-03-20T23:30:00-0130", "2023-03-21T01:00:00.000000+00:00"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000+00:00"},
      {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999+00:00"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000+00:00"},
  };
  for (const auto& [text, expected] : rows) {
    const auto time = parse_timestamp(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(sortable(*time), expected) << text;
  }
}

TEST(Timestamp, RefusesEverythingElse) {
  for (const char* text :
       {"", "2023", "2023-03-20", "2023-03-20T10:00:00", "2023-02-29T10:00:00Z", "2023-13-01T10:00:00Z",
        "2023-03-20T24:00:00Z", "2023-03-20T10:60:00Z", "2023-03-20T10:00:00.Z", "2023-03-20T10:00:00.1234567Z",
        "2023-03-20T10:00:00+2:00", "2023-03-20T10:00:00Z ", "0000-01-01T00:00:00Z", "2023-03-20T10:00:00+25:00"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(Timestamp, CompletesDates) {
  const std::tuple<const char*, Completion, const char*> rows[] = {
      {"2023-03-20", Completion::kFirst, "2023-03-20T00:00:00.000000+00:00"},
      {"2023-03-20", Completion::kLast, "2023-03-20T23:59:59.999999+00:00"},
      {"2023-03-20T10:30", Completion::kLast, "2023-03-20T10:30:59.999999+00:00"},
      {"2023-03-20T10:30:15", Completion::kFirst, "2023-03-20T10:30:15.000000+00:00"},
      {"2023-03-20T10:30:15+01:00", Completion::kLast, "2023-03-20T09:30:15.000000+00:00"},
  };
  for (const auto& [text, completion, expected] : rows) {
    const auto time = parse_timestamp(text, completion);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(sortable(*time), expected);
  }
  EXPECT_FALSE(parse_timestamp("2023-3-20", Completion::kFirst));
  EXPECT_FALSE(parse_timestamp("2023-03", Completion::kFirst));
}

// Python 3.11's datetime.strptime(...).strftime(...) wrote the expected column.
TEST(Timestamp, PrintsAsPythonDoesInItsOwnOffset) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"2023-03-20T10:00:00.000000+00:00", "%Y-%m-%d %I:%M %p", "2023-03-20 10:00 AM"},
      {"2023-03-20T00:05:00.000000+00:00", "%Y-%m-%d %I:%M %p", "2023-03-20 12:05 AM"},
      {"2023-03-20T12:05:00.000000+00:00", "%Y-%m-%d %I:%M %p", "2023-03-20 12:05 PM"},
      {"2023-03-20T22:59:07.000012-05:30", "%H %S %f %z %Z %%", "22 07 000012 -0530 UTC-05:30 %"},
      {"2023-12-31T23:59:00.0+00:00", "%a %A %b %B %j %y %Z", "Sun Sunday Dec December 365 23 UTC"},
      {"1969-07-20T20:17:40.0+00:00", "%A %j %H:%M", "Sunday 201 20:17"},
  };
  for (const auto& [text, format, expected] : rows)
    EXPECT_EQ(format_timestamp(*parse_timestamp(text), format), expected);
}

}  // namespace
}  // namespace stator::core
