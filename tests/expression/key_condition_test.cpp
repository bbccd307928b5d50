#include <gtest/gtest.h>

#include "expression/support.h"

namespace stator::expression::test {
namespace {

using core::AttributeType;
using core::AttributeValue;
using core::KeySchema;

const KeySchema kHashOnly{{{"a", AttributeType::kString}}, {}};
const KeySchema kHashAndRange{{{"a", AttributeType::kString}}, {{"b", AttributeType::kNumber}}};
const KeySchema kStrings{{{"a", AttributeType::kString}}, {{"b", AttributeType::kString}}};
const KeySchema kComposite{
    {{"h1", AttributeType::kString}, {"h2", AttributeType::kString}},
    {{"r1", AttributeType::kString}, {"r2", AttributeType::kString}, {"r3", AttributeType::kNumber}}};

constexpr std::string_view kValues = R"({":a":{"S":"a"},":b":{"S":"b"},":n":{"N":"1"},":m":{"N":"2"},":e":{"S":""},
    ":bin":{"B":"YQ=="},":t":{"BOOL":true}})";
constexpr std::string_view kNames = R"({"#a":"a"})";

KeyCondition bind(std::string_view text) {
  Bindings bindings = make_bindings(kNames, kValues);
  return bind_key_condition(text, bindings);
}

/// The range of a query as text: a=… for each hash value, then range equalities, then the last predicate.
std::string describe(const KeyRange& range) {
  std::string text;
  const auto append = [&](const AttributeValue& value) { json::append_value(value, text); };
  for (const AttributeValue& value : range.hash) append(value);
  text += "|";
  for (const AttributeValue& value : range.range_equal) append(value);
  if (!range.range) return text;
  constexpr std::string_view kOperators[] = {"=", "<", "<=", ">", ">=", "between", "begins_with"};
  text += "|" + range.range->attribute + " " + std::string(kOperators[static_cast<int>(range.range->op)]) + " ";
  append(range.range->first);
  if (range.range->op == KeyOperator::kBetween) append(range.range->second);
  return text;
}

std::string resolve_text(std::string_view text, const KeySchema& schema) {
  std::string result;
  const std::string error = error_of([&] { result = describe(resolve_key_condition(bind(text), schema)); });
  return error.empty() ? result : "!" + error;
}

struct Row {
  std::string_view text;
  std::string_view expect;
};

void check(const KeySchema& schema, std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(resolve_text(row.text, schema), row.expect) << row.text;
}

TEST(KeyCondition, ReadsOnePartitionOrARangeOfIt) {
  check(kHashOnly, {{"a = :a", R"({"S":"a"}|)"}, {":a = a", R"({"S":"a"}|)"}, {"(#a = :a)", R"({"S":"a"}|)"}});
  check(kHashAndRange, {{"a = :a", R"({"S":"a"}|)"},
                        {"a = :a and b = :n", R"({"S":"a"}|{"N":"1"})"},
                        {"b = :n and a = :a", R"({"S":"a"}|{"N":"1"})"},
                        {"(a = :a) and (b < :n)", R"({"S":"a"}||b < {"N":"1"})"},
                        {"(a = :a and (b <= :n))", R"({"S":"a"}||b <= {"N":"1"})"},
                        {"a = :a AND b > :n", R"({"S":"a"}||b > {"N":"1"})"},
                        {"a = :a aNd b >= :n", R"({"S":"a"}||b >= {"N":"1"})"},
                        {":a = a and :n < b", R"({"S":"a"}||b > {"N":"1"})"},
                        {":a = a and :n <= b", R"({"S":"a"}||b >= {"N":"1"})"},
                        {":a = a and :n > b", R"({"S":"a"}||b < {"N":"1"})"},
                        {":a = a and :n >= b", R"({"S":"a"}||b <= {"N":"1"})"},
                        {"a = :a and b between :n and :m", R"({"S":"a"}||b between {"N":"1"}{"N":"2"})"}});
  check(kStrings,
        {{"a = :a and begins_with(b, :b)", R"({"S":"a"}||b begins_with {"S":"b"})"},
         {"a = :a and begins_with(b, :e)",
          "!One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
          "empty string value. Key: b"}});
}

TEST(KeyCondition, FaultsOfAnyConditionComeFirst) {
  const std::string_view prefix = "Invalid KeyConditionExpression: ";
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"attribute_type(a, b)",
       "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: "
       "{S,SS,N,NS,B,BS,BOOL,NULL,L,M,HD,DOUBLE,FLOAT,HDS,FS,DOUBLESET,DICT,DECIMAL,INT,DECIMALSET,INTSET}"},
      {"attribute_type(a, :n)",
       "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"},
      {"a = :a and begins_with(b, :n)",
       "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
      {"a = :undefined",
       "An expression attribute value used in expression is not defined; attribute value: :undefined"},
      {"a between :b and :n",
       "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: "
       "{S:b}, upper bound operand: AttributeValue: {N:1}"},
      {"a between :b and :a",
       "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
       "AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"},
  };
  for (const auto& [text, message] : rows) {
    EXPECT_EQ(error_of([&, t = text] { bind(t); }), std::string(prefix) + std::string(message)) << text;
  }
}

TEST(KeyCondition, WhatIsNoKeyConditionIsNotedAndReportedLater) {
  const std::string no_operator = "Invalid operator used in KeyConditionExpression: ";
  const std::string nested = "KeyConditionExpressions cannot contain nested operations";
  const std::string several =
      "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition";
  const std::string inside =
      "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes";
  const std::string no_key = "Invalid condition in KeyConditionExpression: No key attribute specified";
  const std::string repeated =
      "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key";
  const auto first = [](std::string_view name) {
    return "Invalid condition in KeyConditionExpression: " + std::string(name) +
           " operator must have the key attribute as its first operand";
  };
  const std::pair<std::string_view, std::string> rows[] = {
      {"a > b and size(b) > c or a > c", no_operator + "OR"},
      {"a in (b, size(c), d)", no_operator + "IN"},
      {"attribute_exists(a)", no_operator + "attribute_exists"},
      {"attribute_not_exists(a)", no_operator + "attribute_not_exists"},
      {"attribute_type(a, :S)", no_operator + "attribute_type"},
      {"contains(a.d, b)", no_operator + "contains"},
      {"not a > b", no_operator + "NOT"},
      {"a <> b", no_operator + "<>"},
      {"a = :a and b <> :n", no_operator + "<>"},
      {":a between size(b) and size(a) and b > :b", first("BETWEEN")},
      {"begins_with(:a, b) and a > :b", first("begins_with")},
      {"size(b) > a AND a.b > b AND b > c", nested},
      {"a > size(b.d)", nested},
      {"a between size(b) and size(a)", nested},
      {"b > a.b", several},
      {"b between c[1] and d", several},
      {"a between b and size(a)", several},
      {"begins_with(a, b)", several},
      {"b.d > a AND c.d > e.f", inside},
      {"a.d > c", inside},
      {"b[0] > a", inside},
      {":b > :a AND a < :b", no_key},
      {"a < :n and :a = :b", no_key},
      {"b > :a AND b < :a and c = :a and d = :a", repeated},
      {"(a > :a and b > :a) and (b > :a and c > :a)", repeated},
  };
  for (const auto& [text, message] : rows) {
    Bindings bindings = make_bindings("", R"({":a":{"S":"a"},":b":{"S":"b"},":n":{"S":"1"},":S":{"S":"S"}})");
    KeyCondition condition;
    EXPECT_EQ(error_of([&, t = text] { condition = bind_key_condition(t, bindings); }), "") << text;
    EXPECT_EQ(error_of([&] { check_key_condition(condition); }), message) << text;
    EXPECT_EQ(error_of([&] { resolve_key_condition(condition, kStrings); }), message) << text;
  }
}

TEST(KeyCondition, IsHeldAgainstTheSchema) {
  check(
      kHashOnly,
      {{"b = :a", "!Query condition missed key schema element: a"},
       {"a = :a and b = :a", "!Query key condition not supported"},
       {"y = :a and z = :a", "!Query key condition not supported"},
       {"a = :n", "!One or more parameter values were invalid: Condition parameter type does not match schema type"}});
  check(kStrings,
        {{"b = :a", "!Query condition missed key schema element: a"},
         {"attr1 = :a", "!Query condition missed key schema element: a"},
         {"a = :a and c = :n", "!Query condition missed key schema element: b"},
         {"b = :a and c = :n", "!Query condition missed key schema element: a"},
         {"a > :a", "!Query key condition not supported"},
         {":a >= a", "!Query key condition not supported"},
         {"begins_with(a, :a)", "!Query key condition not supported"},
         {"a between :a and :a", "!Query key condition not supported"},
         {"a < :a and b = :a", "!Query key condition not supported"},
         {"a = :a and b = :a and c = :a",
          "!The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"},
         {"(a > :a and b > :a) and (c > :a and d > :a) and (e > :a and f > :a)",
          "!The number of query conditions (6) exceeds the number of key attributes defined in the schema (2)"},
         {"a = :n", "!One or more parameter values were invalid: Condition parameter type does not match schema type"},
         {"a > :n", "!One or more parameter values were invalid: Condition parameter type does not match schema type"},
         {"a = :t", "!One or more parameter values were invalid: Condition parameter type does not match schema type"},
         {"a = :a and b = :bin",
          "!One or more parameter values were invalid: Condition parameter type does not match schema type"},
         {"a = :a and b between :n and :m",
          "!One or more parameter values were invalid: Condition parameter type does not match schema type"},
         {"a = :e",
          "!One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
          "empty string value. Key: a"}});
  check(kHashAndRange,
        {{"a = :a and begins_with(b, :a)",
          "!One or more parameter values were invalid: Condition parameter type does not match schema type"}});
}

TEST(KeyCondition, KeyValuesHaveASize) {
  const auto with = [&](std::size_t hash, std::size_t range) {
    Bindings bindings = make_bindings(
        "", R"({":a":{"S":")" + std::string(hash, 'x') + R"("},":b":{"S":")" + std::string(range, 'y') + R"("}})");
    return error_of([&] { resolve_key_condition(bind_key_condition("a = :a and b = :b", bindings), kStrings); });
  };
  EXPECT_EQ(with(2048, 1024), "");
  EXPECT_EQ(
      with(2049, 1),
      "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes");
  EXPECT_EQ(
      with(1, 1025),
      "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of "
      "1024 bytes");
}

TEST(KeyCondition, CompositeKeysTakeAllHashAttributesAndRangeAttributesFromTheLeft) {
  check(kComposite, {{"h1 = :a and h2 = :b", R"({"S":"a"}{"S":"b"}|)"},
                     {"h2 = :b and h1 = :a", R"({"S":"a"}{"S":"b"}|)"},
                     {"h1 = :a and h2 = :b and r1 = :a", R"({"S":"a"}{"S":"b"}|{"S":"a"})"},
                     {"h1 = :a and r1 >= :a and h2 = :b", R"({"S":"a"}{"S":"b"}||r1 >= {"S":"a"})"},
                     {"h1 = :a and h2 = :b and r1 = :a and begins_with(r2, :b)",
                      R"({"S":"a"}{"S":"b"}|{"S":"a"}|r2 begins_with {"S":"b"})"},
                     {"r3 < :n and r2 = :b and h1 = :a and h2 = :b and r1 = :a",
                      R"({"S":"a"}{"S":"b"}|{"S":"a"}{"S":"b"}|r3 < {"N":"1"})"},
                     {"h1 = :a and h2 = :b and r1 = :a and r2 = :b and r3 between :n and :m",
                      R"({"S":"a"}{"S":"b"}|{"S":"a"}{"S":"b"}|r3 between {"N":"1"}{"N":"2"})"},
                     {"h1 = :a and h2 = :b and elsewhere = :a", "!Query key condition not supported"}});
  const auto fails_about = [](std::string_view text, std::string_view word) {
    const std::string result = resolve_text(text, kComposite);
    EXPECT_TRUE(result.starts_with("!One or more parameter values were invalid: ")) << text << ": " << result;
    EXPECT_NE(result.find(word), std::string::npos) << text << ": " << result;
    EXPECT_NE(result.find("equality"), std::string::npos) << text << ": " << result;
  };
  for (const std::string_view text : {"h1 = :a", "h2 = :a", "r1 = :a and r2 = :a", "h1 = :a and h2 > :b",
                                      "h1 = :a and h2 between :a and :b", "h1 = :a and begins_with(h2, :a)"}) {
    fails_about(text, "HASH");
  }
  for (const std::string_view text :
       {"h1 = :a and h2 = :b and r2 = :a", "h1 = :a and h2 = :b and r1 = :a and r3 = :n",
        "h1 = :a and h2 = :b and r1 > :a and r2 = :a", "h1 = :a and h2 = :b and r1 > :a and r2 < :a",
        "h1 = :a and h2 = :b and begins_with(r1, :a) and r2 = :b"}) {
    EXPECT_TRUE(resolve_text(text, kComposite).starts_with("!RANGE key attributes r")) << text;
  }
  const auto unequal = [](const std::string& missing, const std::string& present) {
    return "!RANGE key attributes " + missing +
           " must have equality conditions specified in the query because a condition is present on key attribute " +
           present;
  };
  check(kComposite,
        {{"h1 = :a and h2 = :b and r2 = :a", unequal("r1", "r2")},
         {"h1 = :a and h2 = :b and r1 = :a and r3 = :n", unequal("r2", "r3")},
         {"h1 = :a and h2 = :b and r1 > :a and r2 = :a", unequal("r1", "r2")},
         {"h1 = :a and h2 = :b and r3 = :n", unequal("r1, r2", "r3")},
         {"h1 = :n and h2 = :b",
          "!One or more parameter values were invalid: Condition parameter type does not match schema type"},
         {"h1 = :a and h2 = :b and r1 = :n",
          "!One or more parameter values were invalid: Condition parameter type does not match schema type"}});
}

}  // namespace
}  // namespace stator::expression::test
