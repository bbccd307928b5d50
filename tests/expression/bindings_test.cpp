#include <gtest/gtest.h>

#include "expression/parameters.h"
#include "expression/support.h"

namespace stator::expression::test {
namespace {

TEST(Bindings, MapsAreChecked) {
  struct Row {
    std::string names;
    std::string values;
    std::string message;
  };
  const std::string long_name = "#" + std::string(255, 'a');
  for (const Row& row : std::initializer_list<Row>{
           {"", "", ""},
           {"{}", "{}", "ExpressionAttributeNames must not be empty"},
           {"", "{}", "ExpressionAttributeValues must not be empty"},
           {R"({"a":"a"})", "{}", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""},
           {R"({"#":"a"})", "", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\""},
           {R"({"":"a"})", "", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"\""},
           {R"({"#a-b":"a"})", "", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\""},
           {R"({"#a!":"a"})", "", "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a!\""},
           {R"({":a":"a"})", "", "ExpressionAttributeNames contains invalid key: Syntax error; key: \":a\""},
           {R"({"#a":"a","#_9":"b"})", "", ""},
           {R"({"#a":""})", "", "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"},
           {"{\"#a\":\"" + std::string(65535, 'x') + "\"}", "", ""},
           {"{\"#a\":\"" + std::string(65536, 'x') + "\"}", "",
            "ExpressionAttributeNames contains invalid value: Attribute name is too large, must be less than 65536 "
            "bytes "
            "for key #a"},
           {"{\"" + long_name + "\":\"a\"}", "",
            "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too "
            "long; "
            "size of key: 256"},
           {"", R"({":b":{"S":"a"},"b":{"S":"a"}})",
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"b\""},
           {"", R"({":b":{"N":"x"},"b":{"S":"a"}})",
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"b\""},
       }) {
    EXPECT_EQ(error_of([&] { make_bindings(row.names, row.values); }), row.message)
        << row.names.substr(0, 40) << row.values;
  }
}

TEST(Bindings, ABadValueIsNamedByTheOlderRulesAlone) {
  const std::string invalid = "One or more parameter values were invalid: ";
  const std::string one_type = "must contain exactly one of the supported datatypes";
  struct Row {
    std::string value;
    std::string current;
    std::string older;
  };
  const auto both = [](std::string value, const std::string& message) {
    return Row{std::move(value), message, message};
  };
  for (const Row& row : {
           both("{}", "Supplied AttributeValue is empty, " + one_type),
           both(R"({"S":"a","N":"1"})", "Supplied AttributeValue has more than one datatypes set, " + one_type),
           both(R"({"NULL":false})", invalid + "Null attribute value types must have the value of true"),
           both(R"({"SS":[]})", invalid + "An string set  may not be empty"),
           Row{R"({"SS":["a","a"]})", invalid + R"(Input collection ["a", "a"] contains duplicates.)",
               invalid + "Input collection [a, a] contains duplicates."},
           both(R"({"N":"b"})", "The parameter cannot be converted to a numeric value: b"),
           both(R"({"N":"1e126"})",
                "Number overflow. Attempting to store a number with magnitude larger than supported range"),
       }) {
    const Json values(R"({":b":)" + row.value + "}");
    const json::Object object = values.object();
    EXPECT_EQ(error_of([&] { Bindings(nullptr, &object); }), row.current);
    EXPECT_EQ(error_of([&] { Bindings(nullptr, &object, json::kOlderRules); }),
              "ExpressionAttributeValues contains invalid value: " + row.older + " for key :b");
  }
}

TEST(Bindings, PlaceholdersAreFoundAmongFewAndMany) {
  for (const int count : {1, 2, 8, 9, 200}) {
    std::string names = "{";
    std::string values = "{";
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      names += (i == 0 ? "" : ",") + std::string("\"#n") + number + "\":\"name" + number + "\"";
      values += (i == 0 ? "" : ",") + std::string("\":v") + number + R"(":{"N":")" + number + "\"}";
    }
    Bindings bindings = make_bindings(names + "}", values + "}");
    for (int i = 0; i < count; ++i) {
      const std::string* name = bindings.name("#n" + std::to_string(i));
      ASSERT_NE(name, nullptr);
      EXPECT_EQ(*name, "name" + std::to_string(i));
      const SharedValue value = bindings.value(":v" + std::to_string(i));
      ASSERT_NE(value, nullptr);
      EXPECT_EQ(*value, core::AttributeValue::number(core::Number(i)));
    }
    EXPECT_EQ(bindings.name("#other"), nullptr);
    EXPECT_EQ(bindings.value(":other"), nullptr);
    EXPECT_EQ(error_of([&] { bindings.check_all_used(); }), "");
  }
}

TEST(Bindings, LastOfEqualPlaceholdersCounts) {
  Bindings bindings = make_bindings(R"({"#a":"first","#a":"last"})", "");
  EXPECT_EQ(*bindings.name("#a"), "last");
  EXPECT_EQ(error_of([&] { bindings.check_all_used(); }), "");
}

TEST(Bindings, WhatNoExpressionUsedIsNamed) {
  const std::string unused_names = "Value provided in ExpressionAttributeNames unused in expressions: keys: ";
  Bindings bindings = make_bindings(R"({"#a":"a","#b":"b","#c":"c"})", R"({":a":{"S":"a"},":b":{"S":"b"}})");
  EXPECT_EQ(error_of([&] { bindings.check_all_used(); }), unused_names + "{#a, #b, #c}");
  bind_projection("#a, #c", bindings);
  EXPECT_EQ(error_of([&] { bindings.check_all_used(); }), unused_names + "{#b}");
  bind_condition("#b = :b", ConditionKind::kCondition, bindings);
  EXPECT_EQ(error_of([&] { bindings.check_all_used(); }),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}");
  bind_update("set x = :a", bindings);
  EXPECT_EQ(error_of([&] { bindings.check_all_used(); }), "");
}

TEST(Bindings, ShortCircuitsCountAsUse) {
  Bindings bindings = make_bindings(R"({"#a":"a","#b":"b"})", R"({":a":{"S":"a"},":b":{"S":"b"}})");
  bind_condition("#a = :a or #b = :b", ConditionKind::kFilter, bindings);
  EXPECT_EQ(error_of([&] { bindings.check_all_used(); }), "");
}

TEST(Parameters, ExpressionsAndOlderParametersDoNotMix) {
  constexpr std::string_view kQueryExpressions[] = {"ProjectionExpression", "FilterExpression",
                                                    "KeyConditionExpression"};
  constexpr std::string_view kQueryLegacy[] = {"AttributesToGet", "QueryFilter", "ConditionalOperator",
                                               "KeyConditions"};
  constexpr std::string_view kUpdateExpressions[] = {"UpdateExpression", "ConditionExpression"};
  constexpr std::string_view kUpdateLegacy[] = {"AttributeUpdates", "Expected"};
  constexpr std::string_view kPutExpressions[] = {"ConditionExpression"};
  constexpr std::string_view kPutLegacy[] = {"Expected"};
  constexpr std::string_view kGetExpressions[] = {"ProjectionExpression"};
  constexpr std::string_view kGetLegacy[] = {"AttributesToGet"};
  struct Row {
    std::span<const std::string_view> expressions;
    std::span<const std::string_view> legacy;
    std::string_view request;
    std::string_view message;
  };
  const Row rows[] = {
      {kQueryExpressions, kQueryLegacy,
       R"({"QueryFilter":{},"AttributesToGet":["a"],"KeyConditions":{},"ConditionalOperator":"OR","ProjectionExpression":"",
           "FilterExpression":"","KeyConditionExpression":"","ExpressionAttributeNames":{}})",
       "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
       "{AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions} Expression parameters: "
       "{ProjectionExpression, "
       "FilterExpression, KeyConditionExpression}"},
      {kQueryExpressions, kQueryLegacy,
       R"({"QueryFilter":{},"AttributesToGet":["a"],"KeyConditions":{},"ConditionalOperator":"OR","ProjectionExpression":"",
           "FilterExpression":""})",
       "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
       "{AttributesToGet, QueryFilter, ConditionalOperator} Expression parameters: {ProjectionExpression, "
       "FilterExpression}"},
      {kQueryExpressions, kQueryLegacy, R"({"KeyConditions":{},"FilterExpression":"a"})", ""},
      {kQueryExpressions, kQueryLegacy, R"({"KeyConditions":{},"QueryFilter":{},"ConditionalOperator":"OR"})", ""},
      {kQueryExpressions, kQueryLegacy,
       R"({"QueryFilter":{},"ExpressionAttributeNames":{},"ExpressionAttributeValues":{}})",
       "ExpressionAttributeNames can only be specified when using expressions"},
      {kQueryExpressions, kQueryLegacy, R"({"QueryFilter":{},"ExpressionAttributeValues":{}})",
       "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and "
       "KeyConditionExpression are null"},
      {kUpdateExpressions, kUpdateLegacy, R"({"UpdateExpression":"x","AttributeUpdates":{},"Expected":{}})",
       "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
       "{AttributeUpdates, Expected} Expression parameters: {UpdateExpression}"},
      {kUpdateExpressions, kUpdateLegacy, R"({"ExpressionAttributeValues":{":v":{"S":"a"}}})",
       "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and "
       "ConditionExpression are null"},
      {kUpdateExpressions, kUpdateLegacy, R"({"ConditionExpression":"x","ExpressionAttributeValues":{}})", ""},
      {kPutExpressions, kPutLegacy, R"({"Expected":{"pk":{"Exists":false}},"ConditionExpression":"a = b"})",
       "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
       "{Expected} Expression parameters: {ConditionExpression}"},
      {kPutExpressions, kPutLegacy, R"({"ExpressionAttributeValues":{":v":{"S":"unused"}}})",
       "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
      {kGetExpressions, kGetLegacy, R"({"ExpressionAttributeNames":{"#a":"a"}})",
       "ExpressionAttributeNames can only be specified when using expressions"},
      {kGetExpressions, kGetLegacy, R"({"AttributesToGet":["a"],"ProjectionExpression":null})", ""},
      {kGetExpressions, kGetLegacy, "{}", ""},
  };
  for (const Row& row : rows) {
    const Json request(row.request);
    EXPECT_EQ(error_of([&] { check_expression_parameters(request.object(), row.expressions, row.legacy); }),
              row.message)
        << row.request;
  }
}

}  // namespace
}  // namespace stator::expression::test
