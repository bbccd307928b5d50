#include <gtest/gtest.h>

#include "expression/support.h"

namespace stator::expression::test {
namespace {

struct Row {
  std::string text;
  std::string_view names;
  std::string_view values;
  std::string message;  // after "Invalid FilterExpression: "; empty if the text is valid
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    Bindings bindings = make_bindings(row.names, row.values);
    const std::string expected = row.message.empty() ? "" : "Invalid FilterExpression: " + row.message;
    EXPECT_EQ(error_of([&] { bind_condition(row.text, ConditionKind::kFilter, bindings); }), expected)
        << row.text << " with " << row.values;
  }
}

std::string undefined_name(std::string_view name) {
  return "An expression attribute name used in the document path is not defined; attribute name: " + std::string(name);
}
std::string undefined_value(std::string_view name) {
  return "An expression attribute value used in expression is not defined; attribute value: " + std::string(name);
}
std::string wrong_count(std::string_view function, int count) {
  return "Incorrect number of operands for operator or function; operator or function: " + std::string(function) +
         ", number of operands: " + std::to_string(count);
}
std::string wrong_type(std::string_view function, std::string_view type) {
  return "Incorrect operand type for operator or function; operator or function: " + std::string(function) +
         ", operand type: " + std::string(type);
}
std::string not_distinct(std::string_view name, std::string_view path) {
  return "The first operand must be distinct from the remaining operands for this operator or function; operator: " +
         std::string(name) + ", first operand: " + std::string(path);
}
std::string needs_path(std::string_view function) {
  return "Operator or function requires a document path; operator or function: " + std::string(function);
}

TEST(ConditionErrors, KindIsNamed) {
  Bindings bindings;
  EXPECT_EQ(error_of([&] { bind_condition("a = :v", ConditionKind::kCondition, bindings); }),
            "Invalid ConditionExpression: " + undefined_value(":v"));
  EXPECT_EQ(error_of([&] { bind_condition("a = :v", ConditionKind::kFilter, bindings); }),
            "Invalid FilterExpression: " + undefined_value(":v"));
}

TEST(ConditionErrors, NamesMustBeDefined) {
  check({{"attribute_exists(#Pictures.RearView, :a) and a=a", "", "", undefined_name("#Pictures")},
         {"begins_with(Pictures.#RearView)", "", "", undefined_name("#RearView")},
         {"(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", "", "", undefined_name("#P")},
         {"#4g > a", "", "", undefined_name("#4g")},
         {"#_ > a", "", "", undefined_name("#_")},
         {"(a)between(b.c[45].#d)and(:a)", "", "", undefined_name("#d")},
         {"#A = a", R"({"#a":"b"})", "", undefined_name("#A")}});
}

TEST(ConditionErrors, ValuesMustBeDefined) {
  check({{"begins_with(:hello, #a, #b)", "", "", undefined_value(":hello")},
         {":a < :b", "", "", undefined_value(":a")},
         {":_ > a", "", "", undefined_value(":_")},
         {"a = :V", "", R"({":v":{"S":"a"}})", undefined_value(":V")},
         {"a in (:v, :w)", "", R"({":v":{"S":"a"}})", undefined_value(":w")}});
}

TEST(ConditionErrors, FunctionsTakeTheirNumberOfOperands) {
  check({{"attribute_exists(things, a) and a=a", "", "", wrong_count("attribute_exists", 2)},
         {"attribute_not_exists(things, b)", "", "", wrong_count("attribute_not_exists", 2)},
         {"attribute_type(things)", "", "", wrong_count("attribute_type", 1)},
         {"begins_with(things)", "", "", wrong_count("begins_with", 1)},
         {"begins_with(things, size(a), b)", "", "", wrong_count("begins_with", 3)},
         {"contains(things)", "", "", wrong_count("contains", 1)},
         {"size(things, a) > b", "", "", wrong_count("size", 2)},
         {"begins_with(a, size(b, c))", "", "", wrong_count("size", 2)}});
}

TEST(ConditionErrors, InTakesHundredCandidates) {
  std::string hundred = "a in (b0";
  for (int i = 1; i < 100; ++i) hundred += ",b" + std::to_string(i);
  check({{hundred + ")", "", "", ""},
         {hundred + ",c)", "", "", "The IN operator is provided with too many operands; number of operands: 101"}});
}

TEST(ConditionErrors, OperandsGivenInTheRequestHaveTheRightType) {
  const auto value = [](std::string_view type) -> std::string_view {
    if (type == "S") return R"({":a":{"S":"1"}})";
    if (type == "N") return R"({":a":{"N":"1"}})";
    if (type == "B") return R"({":a":{"B":"YQ=="}})";
    if (type == "BOOL") return R"({":a":{"BOOL":true}})";
    if (type == "NULL") return R"({":a":{"NULL":true}})";
    if (type == "L") return R"({":a":{"L":[]}})";
    if (type == "M") return R"({":a":{"M":{}}})";
    if (type == "SS") return R"({":a":{"SS":["1"]}})";
    if (type == "NS") return R"({":a":{"NS":["1"]}})";
    return R"({":a":{"BS":["YQ=="]}})";
  };
  for (const std::string_view type : {"S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"}) {
    const bool scalar = type == "S" || type == "N" || type == "B";
    const bool has_prefix = type == "S" || type == "B";
    const bool sized = type != "N" && type != "BOOL" && type != "NULL";
    for (const std::string_view op : {"<", "<=", ">", ">="}) {
      check({{"a " + std::string(op) + " :a", "", value(type), scalar ? "" : wrong_type(op, type)},
             {":a " + std::string(op) + " a", "", value(type), scalar ? "" : wrong_type(op, type)}});
    }
    check({{"a = :a and a <> :a and a in (:a) and contains(a, :a)", "", value(type), ""},
           {"a between :a and b", "", value(type), scalar ? "" : wrong_type("BETWEEN", type)},
           {":a between b and c", "", value(type), scalar ? "" : wrong_type("BETWEEN", type)},
           {"begins_with(a, :a)", "", value(type), has_prefix ? "" : wrong_type("begins_with", type)},
           {"begins_with(:a, a)", "", value(type), has_prefix ? "" : wrong_type("begins_with", type)},
           {"size(:a) > a", "", value(type), sized ? "" : wrong_type("size", type)}});
    if (type != "S") check({{"attribute_type(a, :a)", "", value(type), wrong_type("attribute_type", type)}});
  }
  check({{"attribute_type(a, size(a)) and a=a and a=:a", "", R"({":a":{"N":"1"}})", wrong_type("attribute_type", "N")},
         {"begins_with(a, size(a)) and a=:a", "", R"({":a":{"N":"1"}})", wrong_type("begins_with", "N")},
         {"size(size(a)) > :a", "", R"({":a":{"N":"1"}})", wrong_type("size", "N")},
         {"attribute_not_exists(size(:a))", "", R"({":a":{"N":"1"}})", wrong_type("size", "N")},
         {"attribute_type(a, b)", "", "",
          wrong_type(
              "attribute_type",
              "{S,SS,N,NS,B,BS,BOOL,NULL,L,M,HD,DOUBLE,FLOAT,HDS,FS,DOUBLESET,DICT,DECIMAL,INT,DECIMALSET,INTSET}")}});
}

TEST(ConditionErrors, AttributeTypeNamesAType) {
  for (const std::string_view name : {"1", "HELLO", "s", "STRING", ""}) {
    const std::string values = R"({":a":{"S":")" + std::string(name) + "\"}}";
    check({{"attribute_type(a, :a)", "", values,
            "Invalid attribute type name found; type: " + std::string(name) +
                ", valid types: {S,SS,N,NS,B,BS,BOOL,NULL,L,M}"}});
  }
}

TEST(ConditionErrors, SomeFunctionsNeedAPath) {
  check({{"attribute_exists(:a) and a=a", "", R"({":a":{"S":"1"}})", needs_path("attribute_exists")},
         {"attribute_not_exists(:a)", "", R"({":a":{"S":"1"}})", needs_path("attribute_not_exists")},
         {"attribute_not_exists(size(:a))", "", R"({":a":{"S":"1"}})", needs_path("attribute_not_exists")}});
}

TEST(ConditionErrors, FirstOperandDiffersFromTheOthers) {
  const std::string_view names = R"({"#a":"a"})";
  check({{"a = a AND #a = b AND :x > a", names, "", not_distinct("=", "[a]")},
         {"#a <> a", names, "", not_distinct("<>", "[a]")},
         {"a > #a", names, "", not_distinct(">", "[a]")},
         {"a.b < #a.b", names, "", not_distinct("<", "[a, b]")},
         {"((a=a) OR (a=a))", names, "", not_distinct("=", "[a]")},
         {"a between b and #a", names, "", not_distinct("BETWEEN", "[a]")},
         {"a in (b, #a, c)", names, "", not_distinct("IN", "[a]")},
         {"contains(ab.bc[1].a, ab.bc[1].#a)", names, "", not_distinct("contains", "[ab, bc, [1], a]")},
         {"attribute_type(ab.bc[1].#a, ab.bc[1].a)", names, "", not_distinct("attribute_type", "[ab, bc, [1], a]")},
         {"begins_with(ab.bc[1].a, ab.bc[1].#a)", names, "", not_distinct("begins_with", "[ab, bc, [1], a]")},
         {"a = a.b", "", "", ""},
         {"a[0] = a[1]", "", "", ""},
         {":a >= :a", "", R"({":a":{"S":"1"}})", ""},
         {"size(a) = size(a)", "", "", ""},
         {"a = size(a)", "", "", ""},
         {"b in (a, a)", "", "", ""}});
}

TEST(ConditionErrors, BetweenBoundsAreOfOneTypeAndInOrder) {
  const auto bounds = [](std::string_view lower, std::string_view upper) {
    return "lower bound operand: AttributeValue: {" + std::string(lower) + "}, upper bound operand: AttributeValue: {" +
           std::string(upper) + "}";
  };
  const std::string same_type = "The BETWEEN operator requires same data type for lower and upper bounds; ";
  const std::string in_order = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ";
  check({{"a between :b and :a", "", R"({":a":{"S":"a"},":b":{"N":"1"}})", same_type + bounds("N:1", "S:a")},
         {"a between :b and :a", "", R"({":a":{"S":"a"},":b":{"S":"b"}})", in_order + bounds("S:b", "S:a")},
         {"a between :b and :a", "", R"({":a":{"N":"2"},":b":{"N":"10"}})", in_order + bounds("N:10", "N:2")},
         {"a between :b and :a", "", R"({":a":{"B":"YQ=="},":b":{"B":"YmI="}})", in_order + bounds("B:YmI=", "B:YQ==")},
         {"a between :b and :a", "", R"({":a":{"N":"2"},":b":{"N":"2.0"}})", ""},
         {"a between :b and c", "", R"({":b":{"S":"b"}})", ""}});
}

TEST(ConditionErrors, PathsHaveThirtyTwoStepsAtMost) {
  std::string path = "a";
  for (int i = 0; i < 31; ++i) path += ".b";
  check({{"attribute_exists(" + path + ")", "", "", ""},
         {"attribute_exists(" + path + "[0])", "", "",
          "The document path has too many nesting levels; nesting levels: 33"}});
}

TEST(ConditionErrors, FirstFaultyComparisonIsReportedBeforeLaterOnes) {
  check({{"a = a and :x = b", "", "", not_distinct("=", "[a]")},
         {":x = b and a = a", "", "", undefined_value(":x")},
         {"begins_with(a, :n) and c = #c", "", R"({":n":{"N":"1"}})", wrong_type("begins_with", "N")},
         {"size(a, #b) = :c", R"({"#b":"b"})", "", undefined_value(":c")}});
}

TEST(ConditionErrors, FaultsOfTheTextComeBeforeFaultsOfNamesAndValues) {
  check({{"#undefined = :undefined and abort = b", "", "",
          "Attribute name is a reserved keyword; reserved keyword: abort"},
         {"#undefined = :undefined and f(a)", "", "", "Invalid function name; function: f"},
         {"a = a and ((b = c))", "", "", "The expression has redundant parentheses;"}});
}

}  // namespace
}  // namespace stator::expression::test
