#include <gtest/gtest.h>

#include "expression/support.h"

namespace stator::expression::test {
namespace {

constexpr std::string_view kItem = R"({"s":{"S":"hello"},"n":{"N":"5"},"b":{"B":"aGkgdGhlcmU="},"t":{"BOOL":true},
    "z":{"NULL":true},"ss":{"SS":["cat","dog"]},"ns":{"NS":["1","4"]},"l":{"L":[{"S":"x"},{"N":"4"}]},"m":{"M":{"a":{"N":"1"}}},
    "a.b":{"S":"dotted"}})";

const std::string kInvalid = "One or more parameter values were invalid: ";

TEST(LegacyConditions, CompareAsTheirOperatorsSay) {
  struct Row {
    std::string_view filter;
    bool holds;
    std::string_view conditional_operator = "";
  };
  const StoredItem stored(kItem);
  for (const Row& row : std::initializer_list<Row>{
           {R"({"s":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"hello"}]}})", true},
           {R"({"s":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"other"}]}})", false},
           {R"({"s":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"1"}]}})", false},
           {R"({"n":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"5.0"}]}})", true},
           {R"({"ss":{"ComparisonOperator":"EQ","AttributeValueList":[{"SS":["dog","cat"]}]}})", true},
           {R"({"l":{"ComparisonOperator":"EQ","AttributeValueList":[{"L":[{"S":"x"},{"N":"4"}]}]}})", true},
           {R"({"m":{"ComparisonOperator":"EQ","AttributeValueList":[{"M":{"a":{"N":"1"}}}]}})", true},
           {R"({"t":{"ComparisonOperator":"EQ","AttributeValueList":[{"BOOL":true}]}})", true},
           {R"({"gone":{"ComparisonOperator":"EQ","AttributeValueList":[{"BOOL":true}]}})", false},
           {R"({"s":{"ComparisonOperator":"NE","AttributeValueList":[{"S":"other"}]}})", true},
           {R"({"s":{"ComparisonOperator":"NE","AttributeValueList":[{"S":"hello"}]}})", false},
           {R"({"gone":{"ComparisonOperator":"NE","AttributeValueList":[{"S":"hello"}]}})", true},
           {R"({"n":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"6"}]}})", true},
           {R"({"n":{"ComparisonOperator":"LE","AttributeValueList":[{"N":"5"}]}})", true},
           {R"({"n":{"ComparisonOperator":"GT","AttributeValueList":[{"N":"5"}]}})", false},
           {R"({"n":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"5"}]}})", true},
           {R"({"l":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"6"}]}})", false},
           {R"({"s":{"ComparisonOperator":"NOT_NULL"}})", true},
           {R"({"z":{"ComparisonOperator":"NOT_NULL","AttributeValueList":[]}})", true},
           {R"({"gone":{"ComparisonOperator":"NOT_NULL"}})", false},
           {R"({"gone":{"ComparisonOperator":"NULL"}})", true},
           {R"({"z":{"ComparisonOperator":"NULL"}})", false},
           {R"({"s":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"ll"}]}})", true},
           {R"({"ss":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"dog"}]}})", true},
           {R"({"ns":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"N":"4"}]}})", true},
           {R"({"l":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"N":"4"}]}})", true},
           {R"({"b":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"B":"aGk="}]}})", true},
           {R"({"gone":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"x"}]}})", false},
           {R"({"s":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"zz"}]}})", true},
           {R"({"s":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"N":"1"}]}})", true},
           {R"({"s":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"ell"}]}})", false},
           {R"({"gone":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"x"}]}})", false},
           {R"({"s":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"he"}]}})", true},
           {R"({"b":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"B":"aGk="}]}})", true},
           {R"({"s":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"lo"}]}})", false},
           {R"({"n":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"1"},{"N":"5"}]}})", true},
           {R"({"n":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"1"},{"N":"2"}]}})", false},
           {R"({"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"5"},{"N":"6"}]}})", true},
           {R"({"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"6"},{"N":"7"}]}})", false},
           {R"({"a.b":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"dotted"}]}})", true},
           {"{}", true},
           {R"({"s":{"ComparisonOperator":"NOT_NULL"},"gone":{"ComparisonOperator":"NOT_NULL"}})", false},
           {R"({"s":{"ComparisonOperator":"NOT_NULL"},"gone":{"ComparisonOperator":"NOT_NULL"}})", false, "AND"},
           {R"({"s":{"ComparisonOperator":"NOT_NULL"},"gone":{"ComparisonOperator":"NOT_NULL"}})", true, "OR"},
       }) {
    const Json filter(row.filter);
    EXPECT_EQ(condition_from_filter(filter.object(), row.conditional_operator).matches(stored.item), row.holds)
        << row.filter;
    EXPECT_EQ(condition_from_expected(filter.object(), row.conditional_operator).matches(stored.item), row.holds)
        << row.filter;
  }
}

TEST(LegacyConditions, ExpectedTakesValueAndExists) {
  const StoredItem stored(kItem);
  const auto holds = [&](std::string_view expected) {
    return condition_from_expected(Json(expected).object(), "").matches(stored.item);
  };
  EXPECT_TRUE(holds(R"({"s":{"Value":{"S":"hello"}}})"));
  EXPECT_FALSE(holds(R"({"s":{"Value":{"S":"other"}}})"));
  EXPECT_TRUE(holds(R"({"s":{"Value":{"S":"hello"},"Exists":true}})"));
  EXPECT_TRUE(holds(R"({"gone":{"Exists":false}})"));
  EXPECT_FALSE(holds(R"({"s":{"Exists":false}})"));
  EXPECT_TRUE(holds(R"({"n":{"ComparisonOperator":"GT","Value":{"N":"4"}}})"));
  EXPECT_TRUE(condition_from_expected(Json(R"({"gone":{"Exists":false}})").object(), "").matches(json::Item()));
}

TEST(LegacyErrors, ArgumentsHaveANumberATypeAndAnOrder) {
  struct Row {
    std::string op;
    std::string list;
    std::string message;
  };
  std::vector<Row> rows;
  const auto count = [](const std::string& op) {
    return kInvalid + "Invalid number of argument(s) for the " + op + " ComparisonOperator";
  };
  for (const std::string op : {"EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"}) {
    rows.push_back({op, "[]", count(op)});
    rows.push_back({op, R"([{"S":"a"},{"S":"a"}])", count(op)});
  }
  for (const std::string op : {"NULL", "NOT_NULL"}) rows.push_back({op, R"([{"S":"a"}])", count(op)});
  rows.push_back({"IN", "[]", count("IN")});
  rows.push_back({"BETWEEN", R"([{"S":"a"}])", count("BETWEEN")});
  rows.push_back({"BETWEEN", R"([{"S":"a"},{"S":"a"},{"S":"a"}])", count("BETWEEN")});
  const std::pair<std::string, std::string> values[] = {
      {"S", R"({"S":"a"})"},        {"N", R"({"N":"1"})"},     {"B", R"({"B":"YQ=="})"},  {"BOOL", R"({"BOOL":true})"},
      {"NULL", R"({"NULL":true})"}, {"SS", R"({"SS":["a"]})"}, {"NS", R"({"NS":["1"]})"}, {"BS", R"({"BS":["YQ=="]})"},
      {"M", R"({"M":{}})"},         {"L", R"({"L":[]})"}};
  for (const auto& [type, value] : values) {
    const auto wrong = [&, t = type](const std::string& op) {
      return kInvalid + "ComparisonOperator " + op + " is not valid for " + t + " AttributeValue type";
    };
    const bool scalar = type == "S" || type == "N" || type == "B";
    const bool prefix = type == "S" || type == "B";
    const bool part = scalar || type == "BOOL" || type == "NULL";
    for (const std::string op : {"LT", "LE", "GT", "GE", "IN"}) {
      rows.push_back({op, "[" + value + "]", scalar ? "" : wrong(op)});
    }
    rows.push_back({"BETWEEN", "[" + value + "," + value + "]", scalar ? "" : wrong("BETWEEN")});
    rows.push_back({"BEGINS_WITH", "[" + value + "]", prefix ? "" : wrong("BEGINS_WITH")});
    rows.push_back({"CONTAINS", "[" + value + "]", part ? "" : wrong("CONTAINS")});
    rows.push_back({"NOT_CONTAINS", "[" + value + "]", part ? "" : wrong("NOT_CONTAINS")});
    rows.push_back({"EQ", "[" + value + "]", ""});
    rows.push_back({"NE", "[" + value + "]", ""});
  }
  const std::string same_type = kInvalid + "AttributeValues inside AttributeValueList must be of same type";
  rows.push_back({"IN", R"([{"S":"b"},{"N":"1"}])", same_type});
  rows.push_back({"BETWEEN", R"([{"N":"4"},{"S":"dog"}])", same_type});
  rows.push_back({"BETWEEN", R"([{"S":"b"},{"S":"a"}])",
                  "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"});
  rows.push_back(
      {"EQ", R"([{}])", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"});
  rows.push_back({"EQ", R"([{"N":"b"}])", "The parameter cannot be converted to a numeric value: b"});
  for (const Row& row : rows) {
    const Json json(R"({"a":{"ComparisonOperator":")" + row.op + R"(","AttributeValueList":)" + row.list + "}}");
    EXPECT_EQ(error_of([&] { condition_from_filter(json.object(), ""); }), row.message) << row.op << row.list;
    EXPECT_EQ(error_of([&] { condition_from_expected(json.object(), ""); }), row.message) << row.op << row.list;
    EXPECT_EQ(error_of([&] { key_condition_from_key_conditions(json.object()); }), row.message) << row.op << row.list;
  }
}

TEST(LegacyErrors, ExpectedMembersMustFitTogether) {
  const std::pair<std::string_view, std::string> rows[] = {
      {R"({})", "Value must be provided when Exists is null for Attribute: a"},
      {R"({"Exists":true})", "Value must be provided when Exists is true for Attribute: a"},
      {R"({"Exists":false,"Value":{"S":"a"}})", "Value cannot be used when Exists is false for Attribute: a"},
      {R"({"AttributeValueList":[],"Value":{"S":"a"}})",
       "Value and AttributeValueList cannot be used together for Attribute: a"},
      {R"({"ComparisonOperator":"EQ","Exists":true})",
       "Exists and ComparisonOperator cannot be used together for Attribute: a"},
      {R"({"ComparisonOperator":"LT"})",
       "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a"},
      {R"({"AttributeValueList":[{"S":"a"}]})",
       "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
      {R"({"AttributeValueList":[{"S":"a"}],"Exists":true})",
       "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
      {R"({"ComparisonOperator":"NULL","Value":{"S":"a"}})",
       "Invalid number of argument(s) for the NULL ComparisonOperator"},
  };
  for (const auto& [condition, message] : rows) {
    const Json json("{\"a\":" + std::string(condition) + "}");
    EXPECT_EQ(error_of([&] { condition_from_expected(json.object(), ""); }), kInvalid + message) << condition;
  }
}

TEST(LegacyErrors, ConditionalOperatorNeedsTwoConditions) {
  const Json none("{}");
  const Json one(R"({"a":{"ComparisonOperator":"NULL"}})");
  for (const std::string_view op : {"AND", "OR"}) {
    EXPECT_EQ(error_of([&] { condition_from_expected(none.object(), op); }),
              "ConditionalOperator cannot be used without Filter or Expected");
    EXPECT_EQ(error_of([&] { condition_from_filter(one.object(), op); }),
              "ConditionalOperator can only be used when Filter or Expected has two or more elements");
  }
}

TEST(LegacyKeyConditions, ResolveAsKeyConditionExpressionsDo) {
  const core::KeySchema schema{{{"a", core::AttributeType::kString}}, {{"b", core::AttributeType::kNumber}}};
  const auto error = [&](std::string_view conditions) {
    return error_of(
        [&] { resolve_key_condition(key_condition_from_key_conditions(Json(conditions).object()), schema); });
  };
  const std::string hash = R"("a":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]})";
  const std::string not_indexable = "Attempted conditional constraint is not an indexable operation";
  EXPECT_EQ(error("{" + hash + "}"), "");
  EXPECT_EQ(error("{}"), "Conditions can be of length 1 or 2 only");
  for (const std::string_view op : {"EQ", "LT", "LE", "GT", "GE"}) {
    EXPECT_EQ(error("{" + hash + R"(,"b":{"ComparisonOperator":")" + std::string(op) +
                    R"(","AttributeValueList":[{"N":"1"}]}})"),
              "");
  }
  for (const std::string_view op : {"NE", "IN", "CONTAINS", "NOT_CONTAINS"}) {
    EXPECT_EQ(error("{" + hash + R"(,"b":{"ComparisonOperator":")" + std::string(op) +
                    R"(","AttributeValueList":[{"N":"1"}]}})"),
              not_indexable);
  }
  EXPECT_EQ(error(R"({"a":{"ComparisonOperator":"NULL"}})"), not_indexable);
  EXPECT_EQ(error(R"({"a":{"ComparisonOperator":"LE","AttributeValueList":[{"S":"x"}]}})"),
            "Query key condition not supported");
  EXPECT_EQ(error("{" + hash + R"(,"c":{"ComparisonOperator":"NULL"}})"),
            "Query condition missed key schema element: b");
  EXPECT_EQ(error(R"({"z":{"ComparisonOperator":"NULL"}})"), "Query condition missed key schema element: a");
  EXPECT_EQ(error("{" + hash + R"(,"b":{"ComparisonOperator":"NULL"},"c":{"ComparisonOperator":"NULL"}})"),
            "Conditions can be of length 1 or 2 only");
  const KeyRange range = resolve_key_condition(
      key_condition_from_key_conditions(
          Json("{" + hash + R"(,"b":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"1"},{"N":"3"}]}})")
              .object()),
      schema);
  ASSERT_TRUE(range.range);
  EXPECT_EQ(range.range->op, KeyOperator::kBetween);
  EXPECT_EQ(range.range->second, core::AttributeValue::number(core::Number(3)));
}

TEST(AttributeUpdates, PutAddAndDelete) {
  struct Row {
    std::string updates;
    std::string item;
    std::string expect;  // or the error, after a '!'
  };
  for (const Row& row : std::initializer_list<Row>{
           {R"({"a":{"Value":{"S":"x"},"Action":"PUT"}})", "{}", R"({"a":{"S":"x"}})"},
           {R"({"a":{"Value":{"S":"x"}}})", R"({"a":{"N":"1"}})", R"({"a":{"S":"x"}})"},
           {R"({"a.b":{"Value":{"N":"3"}}})", R"({"a":{"M":{"b":{"N":"1"}}}})",
            R"({"a":{"M":{"b":{"N":"1"}}},"a.b":{"N":"3"}})"},
           {R"({"a":{"Action":"DELETE"}})", R"({"a":{"N":"1"},"b":{"N":"2"}})", R"({"b":{"N":"2"}})"},
           {R"({"a":{"Action":"DELETE"}})", "{}", "{}"},
           {R"({"a":{"Action":"DELETE","Value":{"SS":["b"]}}})", R"({"a":{"SS":["a","b","c"]}})",
            R"({"a":{"SS":["a","c"]}})"},
           {R"({"a":{"Action":"DELETE","Value":{"SS":["b"]}}})", R"({"a":{"SS":["b"]}})", "{}"},
           {R"({"a":{"Action":"DELETE","Value":{"SS":["b"]}}})", R"({"a":{"NS":["1"]}})",
            "!Type mismatch for attribute to update"},
           {R"({"a":{"Action":"ADD","Value":{"N":"5"}}})", R"({"a":{"N":"10"}})", R"({"a":{"N":"15"}})"},
           {R"({"a":{"Action":"ADD","Value":{"N":"5"}}})", "{}", R"({"a":{"N":"5"}})"},
           {R"({"a":{"Action":"ADD","Value":{"SS":["c"]}}})", R"({"a":{"SS":["a"]}})", R"({"a":{"SS":["a","c"]}})"},
           {R"({"a":{"Action":"ADD","Value":{"L":[{"N":"2"}]}}})", R"({"a":{"L":[{"N":"1"}]}})",
            R"({"a":{"L":[{"N":"1"},{"N":"2"}]}})"},
           {R"({"a":{"Action":"ADD","Value":{"N":"5"}}})", R"({"a":{"S":"x"}})",
            "!Type mismatch for attribute to update"},
           {R"({"a":{"Action":"ADD","Value":{"N":"1"}},"b":{"Action":"DELETE"},"c":{"Value":{"S":"n"}}})",
            R"({"a":{"N":"1"},"b":{"S":"x"}})", R"({"a":{"N":"2"},"c":{"S":"n"}})"},
           {R"({"a":{"Action":"PUT"}})", "{}",
            "!" + kInvalid + "Only DELETE action is allowed when no attribute value is specified"},
           {R"({"a":{"Action":"ADD"}})", "{}",
            "!" + kInvalid + "Only DELETE action is allowed when no attribute value is specified"},
           {R"({"a":{"Action":"DELETE","Value":{"S":"x"}}})", "{}",
            "!" + kInvalid + "DELETE action with value is not supported for the type S"},
           {R"({"a":{"Action":"DELETE","Value":{"L":[]}}})", "{}",
            "!" + kInvalid + "DELETE action with value is not supported for the type L"},
           {R"({"a":{"Action":"ADD","Value":{"S":"x"}}})", "{}",
            "!" + kInvalid + "ADD action is not supported for the type S"},
           {R"({"a":{"Action":"ADD","Value":{"BOOL":true}}})", "{}",
            "!" + kInvalid + "ADD action is not supported for the type BOOL"},
           {R"({"a":{"Action":"ADD","Value":{"M":{}}}})", "{}",
            "!" + kInvalid + "ADD action is not supported for the type M"},
           {R"({"a":{"Value":{"N":"x"}}})", "{}", "!The parameter cannot be converted to a numeric value: x"},
       }) {
    StoredItem target(row.item);
    std::string out;
    const std::string error = error_of([&] {
      update_from_attribute_updates(Json(row.updates).object()).apply(target.item);
      target.item.append_json(out);
    });
    EXPECT_EQ(error.empty() ? sorted(out) : "!" + error, row.expect.starts_with("!") ? row.expect : sorted(row.expect))
        << row.updates << " on " << row.item;
  }
}

TEST(AttributesToGet, NamesAreTopLevelAndDistinct) {
  const StoredItem stored(kItem);
  std::string out;
  projection_from_attributes_to_get(Json(R"(["n","a.b","gone"])").array()).append_json(stored.item, out);
  EXPECT_EQ(sorted(out), sorted(R"({"n":{"N":"5"},"a.b":{"S":"dotted"}})"));
  EXPECT_EQ(error_of([] { projection_from_attributes_to_get(Json(R"(["a","b","a"])").array()); }),
            kInvalid + "Duplicate value in attribute name: a");
}

}  // namespace
}  // namespace stator::expression::test
