#include "core/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "core/api_error.h"
#include "core/damage_error.h"

namespace stator::core {
namespace {

const std::string kOverflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
const std::string kUnderflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
const std::string kTooPrecise = "Attempting to store more than 38 significant digits in a Number";
const std::string kNotNumeric = "The parameter cannot be converted to a numeric value";

std::string zeros(std::size_t count) { return std::string(count, '0'); }
std::string nines(std::size_t count) { return std::string(count, '9'); }

template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.type, "ValidationException");
    return error.message;
  }
  return "no error";
}

TEST(Number, ParsesToCanonicalText) {
  struct Row {
    std::string wire, canonical;
  };
  const std::vector<Row> rows = {
      {"0", "0"},
      {"-0", "0"},
      {"+0.000", "0"},
      {"0e125", "0"},
      {"0.0e126", "0"},
      {"1", "1"},
      {"+3", "3"},
      {"-7.1234", "-7.1234"},
      {"-17e5", "-1700000"},
      {"-17.4E37", "-174" + zeros(36)},
      {".123", "0.123"},
      {"5.", "5"},
      {"0001.23", "1.23"},
      {"00042", "42"},
      {"1e+5", "100000"},
      {"1.5E2", "150"},
      {"1.0", "1"},
      {"3.1400", "3.14"},
      {"100", "100"},
      {"1E2", "100"},
      {"1200.00", "1200"},
      {"120.0500", "120.05"},
      {"0.05", "0.05"},
      {"-0.05", "-0.05"},
      {"10.10", "10.1"},
      {"1e-1", "0.1"},
      {"123e-2", "1.23"},
      {"100e-2", "1"},
      {"1000e-2", "10"},
      {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
      {"3.1415926535897932384626433832795028841", "3.1415926535897932384626433832795028841"},
      {"18446744073709551616", "18446744073709551616"},
      {"10000000000000000000000000000000000000000", "1" + zeros(40)},
      {nines(38) + zeros(88), nines(38) + zeros(88)},
      {"9.9999999999999999999999999999999999999E+125", nines(38) + zeros(88)},
      {"-9.9999999999999999999999999999999999999E+125", "-" + nines(38) + zeros(88)},
      {"0.1e126", "1" + zeros(125)},
      {"1E-130", "0." + zeros(129) + "1"},
      {"1.5E-130", "0." + zeros(129) + "15"},
      {zeros(1000) + "7." + zeros(1000), "7"},
      {"0." + zeros(120) + "1e120", "0.1"},
  };
  for (const Row& row : rows) {
    const Number number = Number::parse(row.wire);
    EXPECT_EQ(number.to_string(), row.canonical) << row.wire;
    EXPECT_EQ(Number::parse(row.canonical), number) << row.wire;
  }
}

TEST(Number, RefusesWhatTheServiceRefusesInItsWords) {
  struct Row {
    std::string wire, message;
  };
  std::vector<Row> rows = {
      {"", kNotNumeric + ": "},
      {"123456789012345678901234567890123456789", kTooPrecise},
      {"-1.23456789012345678901234567890123456789", kTooPrecise},
      {"3.14159265358979323846264338327950288419", kTooPrecise},
      {"314159265358979323846264338327950288419e30", kTooPrecise},
      {"1" + zeros(37) + "1", kTooPrecise},
      {"1e126", kOverflow},
      {"-1e126", kOverflow},
      {"11e125", kOverflow},
      {"1" + zeros(126), kOverflow},
      {"1.0e100000000", kOverflow},
      {"1e99999999999999999999999", kNotNumeric + ": 1e99999999999999999999999"},
      {"1e9223372036854775807", kOverflow},
      {"1e9223372036854775808", kNotNumeric + ": 1e9223372036854775808"},
      {"0e126", kOverflow},
      {"1e-131", kUnderflow},
      {"-1e-131", kUnderflow},
      {"0.9e-130", kUnderflow},
      {"1e-99999999999999999999999", kNotNumeric + ": 1e-99999999999999999999999"},
      {"1e-9223372036854775807", kUnderflow},
      {"0e-131", kUnderflow},
  };
  for (const std::string text :
       {"abc", "NaN", "Infinity", "-Infinity", "dog",   "-dog", " 1",   "1 ",  "-",     "+",     ".",
        "e5",  "1e",  "1e+",      "1e5.5",     "1.2.3", "--1",  "0x10", "1,5", "1e5e5", "1_000", "\xC2\xB2"}) {
    rows.push_back({text, kNotNumeric + ": " + text});
  }
  for (const Row& row : rows) {
    EXPECT_EQ(message_of([&] { Number::parse(row.wire); }), row.message) << row.wire;
  }
}

TEST(Number, ReadsVeryLongTextsInLinearTime) {
  const std::string zeros_text = zeros(16'000'000);
  EXPECT_TRUE(Number::parse(zeros_text).is_zero());
  EXPECT_EQ(message_of([&] { Number::parse(nines(16'000'000)); }), kOverflow);
  EXPECT_EQ(message_of([&] { Number::parse("0." + zeros_text + "1"); }), kUnderflow);
}

TEST(Number, HoldsEveryInt64) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{1000},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    const Number number(value);
    EXPECT_EQ(number.to_string(), std::to_string(value));
    std::int64_t back = 0;
    EXPECT_TRUE(number.to_int64(back));
    EXPECT_EQ(back, value);
  }
}

TEST(Number, ToInt64RefusesFractionsAndWhatDoesNotFit) {
  std::int64_t out = 0;
  for (const char* text : {"0.5", "9223372036854775808", "-9223372036854775809", "1e19", "1e100", "1e-130"}) {
    EXPECT_FALSE(Number::parse(text).to_int64(out)) << text;
  }
}

TEST(Number, AddsAndSubtractsExactly) {
  struct Row {
    const char *left, *right, *sum, *difference;
  };
  const std::vector<Row> rows = {
      {"1", "10000000000000000000000", "10000000000000000000001", "-9999999999999999999999"},
      {"0.1", "0.2", "0.3", "-0.1"},
      {"5", "0", "5", "5"},
      {"0", "5", "5", "-5"},
      {"-3", "3", "0", "-6"},
      {"1.5", "1.5", "3", "0"},
      {"-0.05", "1", "0.95", "-1.05"},
      {"99", "1", "100", "98"},
      {"50000000000000000000000000000000000000", "50000000000000000000000000000000000000",
       "100000000000000000000000000000000000000", "0"},
      {"9e125", "9e124",
       "99"
       "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
       "000000000000000000000000",
       "81"
       "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
       "000000000000000000000000"},
  };
  for (const Row& row : rows) {
    const Number left = Number::parse(row.left);
    const Number right = Number::parse(row.right);
    EXPECT_EQ(left.plus(right).to_string(), row.sum) << row.left << " + " << row.right;
    EXPECT_EQ(left.minus(right).to_string(), row.difference) << row.left << " - " << row.right;
  }
  EXPECT_EQ(Number::parse("1e38").minus(Number(1)).to_string(), nines(38));
  EXPECT_EQ(Number(-1).plus(Number::parse("1e38")).to_string(), nines(38));
  EXPECT_EQ(Number(0).negated(), Number());
}

TEST(Number, RefusesSumsOutOfRangeOrPrecision) {
  struct Row {
    const char *left, *right;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"9e125", "9e125", kOverflow},
      {"-9e125", "-9e125", kOverflow},
      {"1e50", "1", kOverflow},  // 51 digits: the service calls this an overflow
      {"1e50", "-1", kOverflow},
      {"1", "-1e50", kOverflow},
      {"1e125", "1e-130", kOverflow},
      {"99999999999999999999999999999999999999", "0.1", kOverflow},
      {"2e38", "-1", kOverflow},
      {"3.4e38", "1", kOverflow},
      {"1.5e-130", "-1.4e-130", kUnderflow},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(message_of([&] { (void)Number::parse(row.left).plus(Number::parse(row.right)); }), row.message)
        << row.left << " + " << row.right;
  }
}

TEST(Number, ChargesAByteForEachPairOfDigits) {
  struct Row {
    const char* text;
    std::size_t size;
  };
  const std::vector<Row> rows = {
      {"0", 1},       {"1", 2},     {"9", 2},       {"-1", 3},
      {"10", 2},      {"12", 2},    {"-12", 3},     {"100", 2},
      {"123", 3},     {"1234", 3},  {"12345", 4},   {"1e125", 2},
      {"1e-130", 2},  {"0.1", 2},   {"0.12", 2},    {"0.01", 2},
      {"0.123", 3},   {"1.2", 3},   {"12.34", 3},   {"123.45", 4},
      {"-123.45", 5}, {"0.012", 3}, {"1000001", 5}, {"99999999999999999999999999999999999999", 20},
  };
  for (const Row& row : rows) {
    const Number number = Number::parse(row.text);
    EXPECT_EQ(number.size_bytes(), row.size) << row.text;
    EXPECT_EQ(Number::size_bytes_of_canonical(number.to_string()), row.size) << row.text;
  }
}

/// Numbers of all lengths, magnitudes and signs, and the edges of the range.
std::vector<Number> sample(std::size_t count) {
  std::mt19937_64 random(20121);
  std::vector<Number> numbers;
  for (const char* edge : {"0",
                           "1",
                           "-1",
                           "1e-130",
                           "-1e-130",
                           "1.1e-130",
                           "9.9e125",
                           "-9.9e125",
                           "9.9999999999999999999999999999999999999E+125",
                           "10",
                           "11",
                           "9",
                           "99",
                           "100",
                           "101",
                           "0.1",
                           "0.11",
                           "0.09",
                           "-0.1",
                           "-0.11",
                           "-10",
                           "-100",
                           "12345678901234567890123456789012345678"}) {
    numbers.push_back(Number::parse(edge));
  }
  while (numbers.size() < count) {
    const std::size_t digits = 1 + random() % 38;
    std::string text = random() % 2 == 0 ? "-" : "";
    text.push_back(static_cast<char>('1' + random() % 9));
    text.push_back('.');
    for (std::size_t i = 1; i < digits; ++i) {
      text.push_back(static_cast<char>('0' + random() % 10));
    }
    const bool near = random() % 2 == 0;  // many of similar magnitude, so that later digits decide
    const int exponent = near ? static_cast<int>(random() % 5) - 2 : static_cast<int>(random() % 256) - 130;
    numbers.push_back(Number::parse(text + "e" + std::to_string(exponent)));
  }
  return numbers;
}

std::string ordered(const Number& number) {
  std::string bytes;
  number.append_ordered(bytes);
  return bytes;
}

TEST(Number, CanonicalTextRoundTrips) {
  for (const Number& number : sample(5000)) {
    const std::string text = number.to_string();
    EXPECT_EQ(Number::parse(text), number);
    EXPECT_EQ(Number::size_bytes_of_canonical(text), number.size_bytes()) << text;
  }
}

TEST(Number, OrderedBytesRoundTripAndConsumeExactlyThemselves) {
  for (const Number& number : sample(5000)) {
    const std::string bytes = ordered(number) + "rest";
    std::string_view in = bytes;
    EXPECT_EQ(Number::read_ordered(in), number) << number.to_string();
    EXPECT_EQ(in, "rest");
  }
}

TEST(Number, OrderedBytesSortAsNumbersDo) {
  const std::vector<Number> numbers = sample(700);
  for (const Number& left : numbers) {
    const std::string left_bytes = ordered(left);
    for (const Number& right : numbers) {
      const std::string right_bytes = ordered(right);
      ASSERT_EQ(left <=> right, left_bytes <=> right_bytes) << left.to_string() << " and " << right.to_string();
      if (left != right) {
        ASSERT_FALSE(right_bytes.starts_with(left_bytes)) << left.to_string() << " and " << right.to_string();
      }
    }
  }
}

TEST(Number, OrderAgreesWithTheSignOfTheDifference) {
  const std::vector<Number> numbers = sample(200);
  int compared = 0;
  for (const Number& left : numbers) {
    for (const Number& right : numbers) {
      try {
        const Number difference = left.minus(right);
        const auto sign = difference.is_zero()       ? std::strong_ordering::equal
                          : difference.is_negative() ? std::strong_ordering::less
                                                     : std::strong_ordering::greater;
        ++compared;
        ASSERT_EQ(left <=> right, sign) << left.to_string() << " and " << right.to_string();
      } catch (const ApiError&) {  // too far apart for 38 digits
      }
    }
  }
  EXPECT_GT(compared, 1000) << "hardly any difference fits";
}

TEST(Number, OrderIsThatOfTheNumberLine) {
  const std::vector<std::string> ascending = {
      "-9.9e125", "-1e125", "-100", "-99.9", "-10", "-9", "-1.1", "-1",   "-0.5", "-1e-130", "0",     "1e-130",
      "0.05",     "0.5",    "1",    "1.1",   "2",   "9",  "10",   "99.9", "100",  "1e38",    "1e125", "9.9e125"};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(Number::parse(ascending[i - 1]), Number::parse(ascending[i])) << ascending[i];
  }
}

TEST(Number, RefusesDamagedOrderedBytes) {
  const std::string whole = ordered(Number::parse("-123456.789"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::string_view in = std::string_view(whole).substr(0, length);
    EXPECT_THROW(Number::read_ordered(in), DamageError) << length;
  }
  for (const std::string& bytes : {std::string("\x07"), "\x02\x80" + std::string(40, '\x05'),
                                   std::string("\x02\x80\xF0"), std::string("\x02\x80\x01\x00", 4)}) {
    std::string_view in = bytes;
    EXPECT_THROW(Number::read_ordered(in), DamageError);
  }
}

}  // namespace
}  // namespace stator::core
