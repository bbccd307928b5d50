#include <gtest/gtest.h>

#include "expression/support.h"

namespace stator::expression::test {
namespace {

struct Row {
  std::string text;
  std::string item;    // without its braces
  std::string expect;  // likewise; or the error, after a '!'
  std::string values = R"({":v":{"S":"new"}})";
  std::string names = {};
};

std::string apply(const Row& row, bool item_exists = true) {
  std::string result;
  const std::string error = error_of([&] {
    Bindings bindings = make_bindings(row.names, row.values);
    StoredItem target("{" + row.item + "}");
    bind_update(row.text, bindings).apply(target.item, item_exists);
    target.item.append_json(result);
  });
  return error.empty() ? sorted(result) : "!" + error;
}

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string expected = row.expect.starts_with("!") ? row.expect : sorted("{" + row.expect + "}");
    EXPECT_EQ(apply(row), expected) << row.text << " on " << row.item;
  }
}

const std::string kWrongType = "!An operand in the update expression has an incorrect data type";
const std::string kMissing = "!The provided expression refers to an attribute that does not exist in the item";
const std::string kInvalidPath = "!The document path provided in the update expression is invalid for update";

TEST(Update, SetWritesValuesAndCopies) {
  check({{"set a = :v", "", R"("a":{"S":"new"})"},
         {"set a = :v", R"("a":{"N":"1"},"b":{"N":"2"})", R"("a":{"S":"new"},"b":{"N":"2"})"},
         {"set a = b", R"("b":{"M":{"x":{"L":[]}}})", R"("a":{"M":{"x":{"L":[]}}},"b":{"M":{"x":{"L":[]}}})"},
         {"set a = b.x[1]", R"("b":{"M":{"x":{"L":[{"S":"p"},{"S":"q"}]}}})",
          R"("a":{"S":"q"},"b":{"M":{"x":{"L":[{"S":"p"},{"S":"q"}]}}})"},
         {"set #n = :v", "", R"("3can include any character!.#=":{"S":"new"})", R"({":v":{"S":"new"}})",
          R"({"#n":"3can include any character!.#="})"},
         {"set a = b", "", kMissing},
         {"set a = a.b", R"("a":{"N":"1"})", kMissing},
         {"set a = :v, b = gone", "", kMissing},
         {"set a = (:v), b = ((c))", "", "!Invalid UpdateExpression: The expression has redundant parentheses;"}});
}

TEST(Update, EveryRightHandSideSeesTheItemAsItWas) {
  check({{"set a = b, b = a", R"("a":{"N":"1"},"b":{"N":"2"})", R"("a":{"N":"2"},"b":{"N":"1"})", ""},
         {"remove a set b = a", R"("a":{"S":"hello"})", R"("b":{"S":"hello"})", ""},
         {"set c = b remove b", R"("b":{"S":"hello"})", R"("c":{"S":"hello"})", ""},
         {"set a = a + :n, b = a", R"("a":{"N":"1"})", R"("a":{"N":"6"},"b":{"N":"1"})", R"({":n":{"N":"5"}})"},
         {"add a :n set b = a", R"("a":{"N":"1"})", R"("a":{"N":"6"},"b":{"N":"1"})", R"({":n":{"N":"5"}})"},
         {"set l[0] = l[1], l[1] = l[0]", R"("l":{"L":[{"N":"1"},{"N":"2"}]})", R"("l":{"L":[{"N":"2"},{"N":"1"}]})",
          ""}});
}

TEST(Update, ArithmeticIsExact) {
  check({{"set a = a + :n", R"("a":{"N":"2"})", R"("a":{"N":"7"})", R"({":n":{"N":"5"}})"},
         {"set a = :n + a", R"("a":{"N":"2"})", R"("a":{"N":"7"})", R"({":n":{"N":"5"}})"},
         {"set a = a - :n", R"("a":{"N":"2"})", R"("a":{"N":"-3"})", R"({":n":{"N":"5"}})"},
         {"set a = :n - a", R"("a":{"N":"2"})", R"("a":{"N":"3"})", R"({":n":{"N":"5"}})"},
         {"set a = b + a", R"("a":{"N":"9"},"b":{"N":"10"})", R"("a":{"N":"19"},"b":{"N":"10"})", ""},
         {"set a = (a) + (:d)", R"("a":{"N":"0.2"})", R"("a":{"N":"0.3"})", R"({":d":{"N":"0.1"}})"},
         {"set a = if_not_exists(a, :z) + :n", "", R"("a":{"N":"5"})", R"({":n":{"N":"5"},":z":{"N":"0"}})"},
         {"set a = if_not_exists(a, :z) + :n", R"("a":{"N":"3"})", R"("a":{"N":"8"})",
          R"({":n":{"N":"5"},":z":{"N":"0"}})"},
         {"set a = a + :n", R"("a":{"N":"12345678901234567890123456789012345678"})",
          R"("a":{"N":"12345678901234567890123456789012345683"})", R"({":n":{"N":"5"}})"},
         {"set a = a + :n", R"("a":{"S":"2"})", kWrongType, R"({":n":{"N":"5"}})"},
         {"set a = a + :n", "", kMissing, R"({":n":{"N":"5"}})"},
         {"set a = b + c", R"("b":{"S":"x"})", kWrongType, ""},
         {"set b = a + m.x", R"("a":{"N":"1"},"m":{"M":{"x":{"N":"2"}}})",
          R"("a":{"N":"1"},"b":{"N":"3"},"m":{"M":{"x":{"N":"2"}}})", ""}});
  Row overflow{"set a = a + :n", R"("a":{"N":"9.9999999999999999999999999999999999999E+125"})", "",
               R"({":n":{"N":"9.9999999999999999999999999999999999999E+125"}})"};
  EXPECT_EQ(apply(overflow),
            "!Number overflow. Attempting to store a number with magnitude larger than supported range");
}

TEST(Update, ListAppendJoinsLists) {
  const std::string values = R"({":l":{"L":[{"N":"1"},{"S":"x"}]}})";
  check({{"set a = list_append(a, :l)", R"("a":{"L":[{"N":"0"}]})", R"("a":{"L":[{"N":"0"},{"N":"1"},{"S":"x"}]})",
          values},
         {"set a = list_append(:l, a)", R"("a":{"L":[{"N":"0"}]})", R"("a":{"L":[{"N":"1"},{"S":"x"},{"N":"0"}]})",
          values},
         {"set a = list_append(:l, :l)", "", R"("a":{"L":[{"N":"1"},{"S":"x"},{"N":"1"},{"S":"x"}]})", values},
         {"set a = list_append(if_not_exists(a, :l), :l)", "", R"("a":{"L":[{"N":"1"},{"S":"x"},{"N":"1"},{"S":"x"}]})",
          values},
         {"set a = list_append(a, a)", R"("a":{"L":[{"N":"0"}]})", R"("a":{"L":[{"N":"0"},{"N":"0"}]})", ""},
         {"set a = list_append(b, :l)", "", kMissing, values},
         {"set a = list_append(:l, b)", R"("b":{"S":"x"})", kWrongType, values},
         {"set a = list_append(b, :l)", R"("b":{"SS":["x"]})", kWrongType, values},
         {"set a = list_append(b, :l)", R"("b":{"M":{}})", kWrongType, values},
         {"set m.l = list_append(m.l, :l)", R"("m":{"M":{"l":{"L":[]}}})",
          R"("m":{"M":{"l":{"L":[{"N":"1"},{"S":"x"}]}}})", values}});
}

TEST(Update, IfNotExistsKeepsWhatIsThere) {
  check({{"set a = if_not_exists(a, :v)", "", R"("a":{"S":"new"})"},
         {"set a = if_not_exists(a, :v)", R"("a":{"N":"1"})", R"("a":{"N":"1"})"},
         {"set b = if_not_exists(a, :v)", R"("a":{"N":"1"})", R"("a":{"N":"1"},"b":{"N":"1"})"},
         {"set a = if_not_exists(b, if_not_exists(c, :v))", R"("c":{"N":"3"})", R"("a":{"N":"3"},"c":{"N":"3"})"},
         {"set a = if_not_exists(b, c)", R"("c":{"N":"3"})", R"("a":{"N":"3"},"c":{"N":"3"})", ""},
         {"set a = if_not_exists(b, c)", "", kMissing, ""},
         {"set a = if_not_exists(m.x[0], :v)", R"("m":{"M":{"x":{"L":[]}}})",
          R"("a":{"S":"new"},"m":{"M":{"x":{"L":[]}}})"},
         {"set a = if_not_exists(n, :v)", R"("n":{"NULL":true})", R"("a":{"NULL":true},"n":{"NULL":true})"}});
}

TEST(Update, NestedPathsAreWrittenInPlace) {
  check(
      {{"set m.a = :v", R"("m":{"M":{}})", R"("m":{"M":{"a":{"S":"new"}}})"},
       {"set m.a = :v", R"("m":{"M":{"a":{"M":{"x":{"N":"1"}}},"b":{"N":"2"}}})",
        R"("m":{"M":{"a":{"S":"new"},"b":{"N":"2"}}})"},
       {"set m.c[1].#x.y[1] = :v",
        R"("m":{"M":{"c":{"L":[{"S":"hi"},{"M":{"x":{"M":{"y":{"L":[{"N":"3"},{"N":"5"}]}}}}}]}}})",
        R"("m":{"M":{"c":{"L":[{"S":"hi"},{"M":{"x":{"M":{"y":{"L":[{"N":"3"},{"S":"new"}]}}}}}]}}})",
        R"({":v":{"S":"new"}})", R"({"#x":"x"})"},
       {"set a.b = :v, a.c.d = :v, b.x = :v remove a.x, b.y",
        R"("a":{"M":{"x":{"N":"3"},"y":{"N":"4"},"c":{"M":{"y":{"N":"3"}}}}},"b":{"M":{"x":{"N":"1"},"y":{"N":"2"}}})",
        R"("a":{"M":{"y":{"N":"4"},"b":{"S":"new"},"c":{"M":{"y":{"N":"3"},"d":{"S":"new"}}}}},"b":{"M":{"x":{"S":"new"}}})"},
       {"set a.c = :v", R"("a":{"S":"hello"})", kInvalidPath},
       {"set b.c = :v", R"("b":{"L":[{"S":"hi"}]})", kInvalidPath},
       {"set c.c = :v", "", kInvalidPath},
       {"set a[0] = :v", R"("a":{"S":"hello"})", kInvalidPath},
       {"set a[0] = :v", R"("a":{"M":{}})", kInvalidPath},
       {"set b[0] = :v", "", kInvalidPath},
       {"set m.x.y = :v", R"("m":{"M":{}})", kInvalidPath},
       {"set l[5].y = :v", R"("l":{"L":[]})", kInvalidPath},
       {"add m.x.y :n", R"("m":{"M":{}})", kInvalidPath, R"({":n":{"N":"1"}})"},
       {"delete m.x.y :n", R"("m":{"M":{}})", kInvalidPath, R"({":n":{"NS":["1"]}})"}});
}

TEST(Update, SettingBeyondTheEndOfAListAppendsInOrderOfIndexes) {
  check({{"set a[1] = :v", R"("a":{"L":[{"N":"1"},{"N":"2"}]})", R"("a":{"L":[{"N":"1"},{"S":"new"}]})"},
         {"set a[2] = :v", R"("a":{"L":[{"N":"1"},{"N":"2"}]})", R"("a":{"L":[{"N":"1"},{"N":"2"},{"S":"new"}]})"},
         {"set a[700] = :v", R"("a":{"L":[]})", R"("a":{"L":[{"S":"new"}]})"},
         {"set a[84] = :a, a[37] = :b, a[17] = :c, a[50] = :d", R"("a":{"L":[{"N":"0"}]})",
          R"("a":{"L":[{"N":"0"},{"S":"c"},{"S":"b"},{"S":"d"},{"S":"a"}]})",
          R"({":a":{"S":"a"},":b":{"S":"b"},":c":{"S":"c"},":d":{"S":"d"}})"},
         {"add a[9] :n", R"("a":{"L":[{"N":"1"}]})", R"("a":{"L":[{"N":"1"},{"N":"5"}]})", R"({":n":{"N":"5"}})"}});
}

TEST(Update, RemoveTakesAttributesMembersAndElements) {
  check(
      {{"remove a", R"("a":{"N":"1"},"b":{"N":"2"})", R"("b":{"N":"2"})", ""},
       {"remove a, b", R"("a":{"N":"1"},"b":{"N":"2"})", "", ""},
       {"remove gone", R"("a":{"N":"1"})", R"("a":{"N":"1"})", ""},
       {"remove a.b", R"("a":{"M":{"b":{"N":"1"}}})", R"("a":{"M":{}})", ""},
       {"remove a[0]", R"("a":{"L":[{"N":"1"}]})", R"("a":{"L":[]})", ""},
       {"remove a[17]", R"("a":{"L":[{"N":"1"}]})", R"("a":{"L":[{"N":"1"}]})", ""},
       {"remove a.y", R"("a":{"M":{"x":{"N":"3"}}})", R"("a":{"M":{"x":{"N":"3"}}})", ""},
       {"remove a[0], a[2], a[3]", R"("a":{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"N":"3"},{"N":"4"}]})",
        R"("a":{"L":[{"N":"1"},{"N":"4"}]})", ""},
       {"remove a[3], a[0]", R"("a":{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"N":"3"},{"N":"4"}]})",
        R"("a":{"L":[{"N":"1"},{"N":"2"},{"N":"4"}]})", ""},
       {"remove a[1] set a[3] = :v", R"("a":{"L":[{"N":"2"},{"N":"3"},{"N":"4"},{"N":"5"},{"N":"6"}]})",
        R"("a":{"L":[{"N":"2"},{"N":"4"},{"S":"new"},{"N":"6"}]})"},
       {"set a[3] = :v remove a[1]", R"("a":{"L":[{"N":"2"},{"N":"3"},{"N":"4"},{"N":"5"},{"N":"6"}]})",
        R"("a":{"L":[{"N":"2"},{"N":"4"},{"S":"new"},{"N":"6"}]})"},
       {"remove a[0] set a[9] = :v", R"("a":{"L":[{"N":"1"},{"N":"2"}]})", R"("a":{"L":[{"N":"2"},{"S":"new"}]})"},
       {"remove a[0], a[1].x set a[2].y = :v", R"("a":{"L":[{"N":"0"},{"M":{"x":{"N":"1"}}},{"M":{}}]})",
        R"("a":{"L":[{"M":{}},{"M":{"y":{"S":"new"}}}]})"},
       {"remove a[0][1], a[0][0], a[1]", R"("a":{"L":[{"L":[{"N":"1"},{"N":"2"},{"N":"3"}]},{"N":"9"}]})",
        R"("a":{"L":[{"L":[{"N":"3"}]}]})", ""},
       {"remove a.c[1].x.y[1], a.c[1].q",
        R"("a":{"M":{"b":{"N":"3"},"c":{"L":[{"S":"hi"},{"M":{"x":{"M":{"y":{"L":[{"N":"3"},{"N":"5"},{"N":"7"}]}}},"q":{"N":"2"}}}]}}})",
        R"("a":{"M":{"b":{"N":"3"},"c":{"L":[{"S":"hi"},{"M":{"x":{"M":{"y":{"L":[{"N":"3"},{"N":"7"}]}}}}}]}}})", ""},
       {"remove a.c", R"("a":{"S":"hello"})", kInvalidPath, ""},
       {"remove b.c", R"("b":{"L":[]})", kInvalidPath, ""},
       {"remove c.c", R"("a":{"N":"1"})", kInvalidPath, ""},
       {"remove c[0]", R"("a":{"N":"1"})", kInvalidPath, ""}});
}

TEST(Update, RemoveOfAMissingPathIsIgnoredWhereTheItemIsNew) {
  EXPECT_EQ(apply({"remove x.y", R"("pk":{"S":"1"})", "", ""}, false), sorted(R"({"pk":{"S":"1"}})"));
  EXPECT_EQ(apply({"remove x[0]", R"("pk":{"S":"1"})", "", ""}, false), sorted(R"({"pk":{"S":"1"}})"));
  EXPECT_EQ(apply({"set x.y = :v", R"("pk":{"S":"1"})", ""}, false), kInvalidPath);
}

TEST(Update, AddAddsNumbersAndUnitesSets) {
  const std::string n = R"({":v":{"N":"4"}})";
  const std::string ss = R"({":v":{"SS":["pig","cat"]}})";
  check({{"add a :v", R"("a":{"N":"3"})", R"("a":{"N":"7"})", n},
         {"add a :v", "", R"("a":{"N":"4"})", n},
         {"add a.b[0] :v", R"("a":{"M":{"b":{"L":[{"N":"-4"}]}}})", R"("a":{"M":{"b":{"L":[{"N":"0"}]}}})", n},
         {"add a.b :v", R"("a":{"M":{}})", R"("a":{"M":{"b":{"N":"4"}}})", n},
         {"add a :v", R"("a":{"SS":["dog","cat"]})", R"("a":{"SS":["cat","dog","pig"]})", ss},
         {"add a :v", "", R"("a":{"SS":["cat","pig"]})", ss},
         {"add a :v", R"("a":{"NS":["1","2.0"]})", R"("a":{"NS":["1","2","3"]})", R"({":v":{"NS":["2","3"]}})"},
         {"add a :v", R"("a":{"BS":["AQ=="]})", R"("a":{"BS":["AQ==","Ag=="]})", R"({":v":{"BS":["Ag==","AQ=="]}})"},
         {"add a :v", R"("a":{"S":"3"})", kWrongType, n},
         {"add a :v", R"("a":{"NS":["3"]})", kWrongType, n},
         {"add a :v", R"("a":{"N":"3"})", kWrongType, R"({":v":{"NS":["3"]}})"},
         {"add a :v", R"("a":{"NS":["3"]})", kWrongType, ss},
         {"add a :v", R"("a":{"L":[]})", kWrongType, ss}});
}

TEST(Update, DeleteTakesMembersAndTheEmptiedAttribute) {
  const std::string ss = R"({":v":{"SS":["mouse","cat"]}})";
  check({{"delete a :v", R"("a":{"SS":["dog","cat","mouse"]})", R"("a":{"SS":["dog"]})", ss},
         {"delete a :v", R"("a":{"SS":["dog"]})", R"("a":{"SS":["dog"]})", ss},
         {"delete a :v", R"("a":{"SS":["cat"]},"b":{"N":"1"})", R"("b":{"N":"1"})", ss},
         {"delete a :v", R"("b":{"N":"1"})", R"("b":{"N":"1"})", ss},
         {"delete a :v", R"("a":{"NS":["1.0","2"]})", R"("a":{"NS":["2"]})", R"({":v":{"NS":["1"]}})"},
         {"delete a.b :v", R"("a":{"M":{"b":{"SS":["cat"]}}})", R"("a":{"M":{}})", ss},
         {"delete l[0] :v set l[1] = :v", R"("l":{"L":[{"SS":["cat"]},{"N":"1"}]})",
          R"("l":{"L":[{"SS":["cat","mouse"]}]})", ss},
         {"delete a :v", R"("a":{"NS":["1"]})", kWrongType, ss},
         {"delete a :v", R"("a":{"S":"cat"})", kWrongType, ss}});
}

TEST(Update, LargeSetsAreUnitedAndReduced) {
  std::string numbers;
  std::string even;
  for (int i = 0; i < 5000; ++i) {
    numbers += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
    if (i % 2 == 0) even += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
  }
  const std::string values = R"({":v":{"NS":[)" + even + "]}}";
  EXPECT_EQ(apply({"add a :v", R"("a":{"NS":[)" + numbers + "]}", "", values}),
            sorted(R"({"a":{"NS":[)" + numbers + "]}}"));
  EXPECT_EQ(apply({"delete a :v", R"("a":{"NS":[)" + even + "]}", "", values}), sorted("{}"));
}

TEST(Update, ItemsNestThirtyTwoLevelsAtMost) {
  const auto nested = [](int maps) {
    std::string text = R"({"N":"1"})";
    for (int i = 0; i < maps; ++i) text = R"({"M":{"m":)" + text + "}}";
    return text;
  };
  const std::string too_deep =
      "!Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
      "limit";
  EXPECT_FALSE(apply({"set a = :v", "", "", R"({":v":)" + nested(31) + "}"}).starts_with("!"));
  EXPECT_FALSE(apply({"set a.b = :v", R"("a":{"M":{}})", "", R"({":v":)" + nested(30) + "}"}).starts_with("!"));
  EXPECT_EQ(apply({"set a.b = :v", R"("a":{"M":{}})", "", R"({":v":)" + nested(31) + "}"}), too_deep);
  EXPECT_EQ(apply({"set a.m = a", R"("a":)" + nested(31), "", ""}), too_deep);
}

TEST(Update, TellsThePathsItWrites) {
  Bindings bindings = make_bindings(R"({"#k":"k"})", R"({":v":{"N":"1"}})");
  const Update update = bind_update("set #k.a[3] = b add c :v remove d", bindings);
  const std::vector<Path> expected{{"k", {PathStep("a"), PathStep(3U)}}, {"c", {}}, {"d", {}}};
  EXPECT_EQ(update.paths(), expected);
}

// Errors that do not depend on an item
// ---------------------------------------------------------------------------------------

struct ErrorRow {
  std::string text;
  std::string_view names;
  std::string_view values;
  std::string message;
};

void check_errors(std::initializer_list<ErrorRow> rows) {
  for (const ErrorRow& row : rows) {
    Bindings bindings = make_bindings(row.names, row.values);
    const std::string expected = row.message.empty() ? "" : "Invalid UpdateExpression: " + row.message;
    EXPECT_EQ(error_of([&] { bind_update(row.text, bindings); }), expected) << row.text << " with " << row.values;
  }
}

TEST(UpdateErrors, NamesAndValuesMustBeDefined) {
  const std::string name = "An expression attribute name used in the document path is not defined; attribute name: ";
  const std::string value = "An expression attribute value used in expression is not defined; attribute value: ";
  check_errors({{"SET #c = if_not_exists(:c)", "", "", name + "#c"},
                {"SET a = b.#c", "", "", name + "#c"},
                {"REMOVE a.#d[1]", "", "", name + "#d"},
                {"SET #a = if_not_exists(:c)", R"({"#a":"a"})", "", value + ":c"},
                {"SET attr1 = :v", "", "", value + ":v"},
                {"ADD a :n", "", R"({":m":{"N":"1"}})", value + ":n"},
                {"SET a = :x, b = #y", "", "", name + "#y"}});
}

TEST(UpdateErrors, PathsMustNotOverlapOrConflict) {
  const auto pair = [](std::string_view what, std::string_view one, std::string_view two) {
    return "Two document paths " + std::string(what) +
           " with each other; must remove or rewrite one of these paths; path one: " + std::string(one) +
           ", path two: " + std::string(two);
  };
  const std::string_view names = R"({"#c":"c","#d":"[3]","#a":"a"})";
  check_errors({
      {"set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", names, "", pair("overlap", "[c, [1], a]", "[c]")},
      {"set #c[3] = a, #c[3] = b", names, "", pair("overlap", "[c, [3]]", "[c, [3]]")},
      {"remove a.#c set a[1] = #d", names, "", pair("conflict", "[a, c]", "[a, [1]]")},
      {"SET a = b REMOVE a", "", "", pair("overlap", "[a]", "[a]")},
      {"REMOVE a SET a = b", "", "", pair("overlap", "[a]", "[a]")},
      {"SET a = :v, #a = :v", names, "", pair("overlap", "[a]", "[a]")},
      {"SET a.b.c = x, a.b = y", "", "", pair("overlap", "[a, b, c]", "[a, b]")},
      {"SET a.b = x, a.b.c.d.e = y", "", "", pair("overlap", "[a, b]", "[a, b, c, d, e]")},
      {"SET a = x, a[1] = y", "", "", pair("overlap", "[a]", "[a, [1]]")},
      {"SET a[1] = x, a[1][1] = y", "", "", pair("overlap", "[a, [1]]", "[a, [1], [1]]")},
      {"SET a.b = x, a[1] = y", "", "", pair("conflict", "[a, b]", "[a, [1]]")},
      {"SET a.b.c = x, a.b[2] = y", "", "", pair("conflict", "[a, b, c]", "[a, b, [2]]")},
      {"SET a.b = x, a.c = y, a1 = a.b, b[0] = a, b[1] = a, c.d[0] = a, c.e = a", "", "", ""},
  });
}

TEST(UpdateErrors, AddAndDeleteTakeSetsAndAddTakesNumbers) {
  struct Type {
    std::string_view value;
    std::string_view name;
    bool add;
    bool remove;
  };
  for (const Type& type :
       {Type{R"({"S":"a"})", "STRING", false, false}, Type{R"({"NULL":true})", "NULL", false, false},
        Type{R"({"BOOL":true})", "BOOLEAN", false, false}, Type{R"({"B":"YQ=="})", "BINARY", false, false},
        Type{R"({"M":{"a":{"L":[{"N":"1"}]}}})", "MAP", false, false},
        Type{R"({"L":[{"N":"1"}]})", "LIST", false, false}, Type{R"({"N":"1"})", "NUMBER", true, false},
        Type{R"({"SS":["a"]})", "", true, true}, Type{R"({"NS":["1"]})", "", true, true},
        Type{R"({"BS":["YQ=="]})", "", true, true}}) {
    const std::string values = R"({":a":)" + std::string(type.value) + "}";
    const auto refused = [&](std::string_view op) {
      return "Incorrect operand type for operator or function; operator: " + std::string(op) +
             ", operand type: " + std::string(type.name) + ", typeSet: ALLOWED_FOR_" + std::string(op) + "_OPERAND";
    };
    check_errors({{"add a.b :a", "", values, type.add ? "" : refused("ADD")},
                  {"delete a.b :a", "", values, type.remove ? "" : refused("DELETE")}});
  }
}

TEST(UpdateErrors, OperandsGivenInTheRequestHaveTheRightType) {
  const std::string_view values =
      R"({":s":{"S":"a"},":n":{"N":"1"},":b":{"B":"YQ=="},":t":{"BOOL":true},":z":{"NULL":true},
      ":ss":{"SS":["a"]},":ns":{"NS":["1"]},":bs":{"BS":["YQ=="]},":m":{"M":{}},":l":{"L":[]}})";
  const auto wrong = [](std::string_view function, std::string_view type) {
    return "Incorrect operand type for operator or function; operator or function: " + std::string(function) +
           ", operand type: " + std::string(type);
  };
  const std::pair<std::string_view, std::string_view> types[] = {
      {":s", "S"},   {":n", "N"},   {":b", "B"},   {":t", "BOOL"}, {":z", "NULL"},
      {":ss", "SS"}, {":ns", "NS"}, {":bs", "BS"}, {":m", "M"},    {":l", "L"}};
  for (const auto& [value, type] : types) {
    const std::string v(value);
    for (const std::string_view op : {"+", "-"}) {
      check_errors({{"set a = a " + std::string(op) + " " + v, "", values, type == "N" ? "" : wrong(op, type)},
                    {"set a = " + v + std::string(op) + "a", "", values, type == "N" ? "" : wrong(op, type)}});
    }
    check_errors({{"set a = list_append(a, " + v + ")", "", values, type == "L" ? "" : wrong("list_append", type)},
                  {"set a = list_append(" + v + ", a)", "", values, type == "L" ? "" : wrong("list_append", type)},
                  {"set a = if_not_exists(a, " + v + ")", "", values, ""}});
  }
  check_errors({{"set a = :s + :b", "", values, wrong("+", "S")}});
}

TEST(UpdateErrors, FunctionsTakeTwoOperandsOfWhichIfNotExistsNeedsAPath) {
  const auto count = [](std::string_view function, int operands) {
    return "Incorrect number of operands for operator or function; operator or function: " + std::string(function) +
           ", number of operands: " + std::to_string(operands);
  };
  const std::string needs_path = "Operator or function requires a document path; operator or function: if_not_exists";
  const std::string_view values = R"({":a":{"L":[]}})";
  check_errors({{"set a = if_not_exists(c)", "", "", count("if_not_exists", 1)},
                {"set a = if_not_exists(c, d, e)", "", "", count("if_not_exists", 3)},
                {"set a = list_append(c)", "", "", count("list_append", 1)},
                {"set a = list_append(:a, :a, :a)", "", values, count("list_append", 3)},
                {"set a = if_not_exists(:a, c)", "", values, needs_path},
                {"set a = if_not_exists(if_not_exists(a, b), c)", "", "", needs_path},
                {"set a = if_not_exists(b, b)", "", "",
                 "The first operand must be distinct from the remaining operands for this operator or function; "
                 "operator: if_not_exists, first operand: [b]"}});
}

TEST(UpdateErrors, LastActionIsCheckedFirst) {
  check_errors({{"set b = list_append(:a, a), c = if_not_exists(a) add a.b :a", "", R"({":a":{"S":"a"}})",
                 "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: "
                 "ALLOWED_FOR_ADD_OPERAND"}});
}

}  // namespace
}  // namespace stator::expression::test
