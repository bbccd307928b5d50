#include "core/attribute_value.h"

#include <gtest/gtest.h>

namespace stator::core {
namespace {

using Value = AttributeValue;

Value number(std::string_view text) { return Value::number(Number::parse(text)); }
Value string_set(std::vector<std::string> members) { return Value::Storage(Value::StringSet{std::move(members)}); }
Value binary_set(std::vector<std::string> members) { return Value::Storage(Value::BinarySet{std::move(members)}); }
Value number_set(const std::vector<std::string>& members) {
  Value::NumberSet set;
  for (const std::string& member : members) {
    set.members.push_back(Number::parse(member));
  }
  return Value::Storage(std::move(set));
}
Value list(Value::List elements) { return Value::Storage(std::move(elements)); }
Value map(Value::Map members) { return Value::Storage(std::move(members)); }

TEST(AttributeType, NamesAreThoseOfTheWire) {
  const char* names[] = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"};
  for (unsigned i = 0; i < 10; ++i) {
    const auto type = static_cast<AttributeType>(i);
    EXPECT_EQ(type_name(type), names[i]);
    EXPECT_EQ(type_from_name(names[i]), type);
  }
  for (const char* name : {"", "s", "X", "XS", "SN", "LS", "BOO", "bool", "NUL", "NULLS", "STRING"}) {
    EXPECT_EQ(type_from_name(name), std::nullopt) << name;
  }
}

TEST(AttributeValue, KnowsItsType) {
  EXPECT_EQ(Value().type(), AttributeType::kNull);
  EXPECT_EQ(Value::string("a").type(), AttributeType::kString);
  EXPECT_EQ(number("1").type(), AttributeType::kNumber);
  EXPECT_EQ(Value::binary("a").type(), AttributeType::kBinary);
  EXPECT_EQ(string_set({"a"}).type(), AttributeType::kStringSet);
  EXPECT_EQ(number_set({"1"}).type(), AttributeType::kNumberSet);
  EXPECT_EQ(binary_set({"a"}).type(), AttributeType::kBinarySet);
  EXPECT_EQ(map({}).type(), AttributeType::kMap);
  EXPECT_EQ(list({}).type(), AttributeType::kList);
  EXPECT_EQ(Value::boolean(false).type(), AttributeType::kBoolean);
}

TEST(AttributeValue, EqualsByValueAndIgnoresTheOrderOfSetsAndMaps) {
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back("member " + std::to_string(i));
  }
  const std::vector<std::string> reversed(many.rbegin(), many.rend());
  std::vector<std::string> one_off = reversed;
  one_off[50] = "other";
  struct Row {
    Value left, right;
    bool equal;
  };
  const Row rows[] = {
      {Value::string("a"), Value::string("a"), true},
      {Value::string("a"), Value::string("b"), false},
      {Value::string("a"), Value::binary("a"), false},
      {Value::string("1"), number("1"), false},
      {number("1.0"), number("1"), true},
      {number("1e3"), number("1000"), true},
      {number("-1"), number("1"), false},
      {Value::boolean(true), Value::boolean(false), false},
      {Value::null(), Value::null(), true},
      {string_set({"a", "b"}), string_set({"b", "a"}), true},
      {string_set({"a", "b"}), string_set({"a"}), false},
      {string_set({"a", "b"}), string_set({"a", "c"}), false},
      {string_set(many), string_set(reversed), true},
      {string_set(many), string_set(one_off), false},
      {number_set({"1", "2.50"}), number_set({"2.5", "1.0"}), true},
      {string_set({"a"}), binary_set({"a"}), false},
      {list({number("1"), number("2")}), list({number("1"), number("2")}), true},
      {list({number("1"), number("2")}), list({number("2"), number("1")}), false},
      {map({{"a", number("1")}, {"b", string_set({"x", "y"})}}),
       map({{"b", string_set({"y", "x"})}, {"a", number("1")}}), true},
      {map({{"a", number("1")}}), map({{"b", number("1")}}), false},
      {map({{"a", number("1")}}), map({{"a", number("2")}}), false},
      {map({}), list({}), false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(row.left == row.right, row.equal) << &row - rows;
    EXPECT_EQ(row.right == row.left, row.equal) << &row - rows;
  }
}

TEST(AttributeValue, SizesFollowTheDeveloperGuide) {
  struct Row {
    Value value;
    std::size_t size;
  };
  const Row rows[] = {
      {Value::string(""), 0},
      {Value::string("grüße"), 7},
      {number("0"), 1},
      {number("-123.45"), 5},
      {Value::binary(std::string(10, '\0')), 10},
      {Value::boolean(false), 1},
      {Value::null(), 1},
      {string_set({"a", "bc"}), 3},
      {binary_set({"a", "bcd"}), 4},
      {number_set({"1", "12345"}), 6},
      {list({}), 3},
      {map({}), 3},
      {list({Value::string("a"), Value::null()}), 3 + 2 + 2},
      {map({{"name", Value::string("a")}}), 3 + 1 + 4 + 1},
      {map({{"m", map({{"l", list({number("1")})}})}}), 3 + 1 + 1 + (3 + 1 + 1 + (3 + 1 + 2))},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(row.value.size_bytes(), row.size) << &row - rows;
  }
}

TEST(AttributeValue, ComparesOnlyScalarsOfOneType) {
  EXPECT_EQ(compare(Value::string("Z"), Value::string("a")), std::strong_ordering::less);
  EXPECT_EQ(compare(Value::string("a"), Value::string("a\x01")), std::strong_ordering::less);
  EXPECT_EQ(compare(Value::string("z"), Value::string("é")), std::strong_ordering::less);  // by unsigned UTF-8 bytes
  EXPECT_EQ(compare(Value::binary("\x7F"), Value::binary("\x80")), std::strong_ordering::less);
  EXPECT_EQ(compare(number("10"), number("9")), std::strong_ordering::greater);
  EXPECT_EQ(compare(number("1.0"), number("1")), std::strong_ordering::equal);
  EXPECT_EQ(compare(number("1"), Value::string("1")), std::nullopt);
  EXPECT_EQ(compare(Value::boolean(true), Value::boolean(false)), std::nullopt);
  EXPECT_EQ(compare(list({}), list({})), std::nullopt);
}

TEST(AttributeValue, FindsMembersOfMapsOnly) {
  Value value = map({{"a", number("1")}, {"b", number("2")}});
  ASSERT_NE(value.member("b"), nullptr);
  *value.member("b") = Value::string("changed");
  EXPECT_EQ(*std::as_const(value).member("b"), Value::string("changed"));
  EXPECT_EQ(value.member("c"), nullptr);
  EXPECT_EQ(list({}).member("a"), nullptr);
}

TEST(KeySchema, FindsHashAndRangeAttributes) {
  const KeySchema schema{{{"pk", AttributeType::kString}}, {{"sk", AttributeType::kNumber}}};
  ASSERT_NE(schema.find("pk"), nullptr);
  ASSERT_NE(schema.find("sk"), nullptr);
  EXPECT_EQ(schema.find("sk")->type, AttributeType::kNumber);
  EXPECT_EQ(schema.find("other"), nullptr);
}

}  // namespace
}  // namespace stator::core
