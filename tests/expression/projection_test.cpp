#include <gtest/gtest.h>

#include "expression/support.h"

namespace stator::expression::test {
namespace {

constexpr std::string_view kItem =
    R"({"p":{"S":"1"},"a":{"M":{"b":{"L":[{"N":"2"},{"N":"4"},{"M":{"x":{"S":"hi"},"y":{"S":"yo"}}}]},
    "c":{"N":"5"}}},"b":{"S":"hello"},"a.b":{"S":"dotted"},"q\"\u00e9":{"B":"AQ=="},"s":{"SS":["x"]},"el":{"L":[]},"em":{"M":{}}})";

struct Row {
  std::string_view text;
  std::string_view expect;
  std::string_view names = "";
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    Bindings bindings = make_bindings(row.names, "");
    const StoredItem stored(kItem);
    std::string out;
    bind_projection(row.text, bindings).append_json(stored.item, out);
    EXPECT_EQ(sorted(out), sorted(row.expect)) << row.text;
  }
}

TEST(Projection, TopLevelAttributesAreCopied) {
  check({{"b", R"({"b":{"S":"hello"}})"},
         {"p, b", R"({"b":{"S":"hello"},"p":{"S":"1"}})"},
         {"absent", "{}"},
         {"absent, b", R"({"b":{"S":"hello"}})"},
         {"s, absent, em", R"({"s":{"SS":["x"]},"em":{"M":{}}})"},
         {"#q", R"({"q\"\u00e9":{"B":"AQ=="}})", R"({"#q":"q\"\u00e9"})"},
         {"#ab", R"({"a.b":{"S":"dotted"}})", R"({"#ab":"a.b"})"}});
}

TEST(Projection, PathsKeepTheirPlaceAndListElementsCloseRanks) {
  check({{"a.b", R"({"a":{"M":{"b":{"L":[{"N":"2"},{"N":"4"},{"M":{"x":{"S":"hi"},"y":{"S":"yo"}}}]}}}})"},
         {"a.b[0]", R"({"a":{"M":{"b":{"L":[{"N":"2"}]}}}})"},
         {"a.b[2]", R"({"a":{"M":{"b":{"L":[{"M":{"x":{"S":"hi"},"y":{"S":"yo"}}}]}}}})"},
         {"a.b[2].y", R"({"a":{"M":{"b":{"L":[{"M":{"y":{"S":"yo"}}}]}}}})"},
         {"a.b[0],a.b[1]", R"({"a":{"M":{"b":{"L":[{"N":"2"},{"N":"4"}]}}}})"},
         {"a.b[1],a.b[0]", R"({"a":{"M":{"b":{"L":[{"N":"2"},{"N":"4"}]}}}})"},
         {"a.b[2].x, a.b[0]", R"({"a":{"M":{"b":{"L":[{"N":"2"},{"M":{"x":{"S":"hi"}}}]}}}})"},
         {"a.b[2].y, a.b[2].x", R"({"a":{"M":{"b":{"L":[{"M":{"x":{"S":"hi"},"y":{"S":"yo"}}}]}}}})"},
         {"a.b[0],a.c", R"({"a":{"M":{"b":{"L":[{"N":"2"}]},"c":{"N":"5"}}}})"},
         {"a.c,b", R"({"a":{"M":{"c":{"N":"5"}}},"b":{"S":"hello"}})"},
         {"#a.#b[1]", R"({"a":{"M":{"b":{"L":[{"N":"4"}]}}}})", R"({"#a":"a","#b":"b"})"}});
}

TEST(Projection, WhatTheItemLacksIsLeftOut) {
  check({{"a.x", "{}"},
         {"a.x.y", "{}"},
         {"a.b[3]", "{}"},
         {"a.b[3].x", "{}"},
         {"a.b.x", "{}"},
         {"a[0]", "{}"},
         {"a.b[0].x", "{}"},
         {"a.b[0][0]", "{}"},
         {"b.x", "{}"},
         {"el[0]", "{}"},
         {"em.x", "{}"},
         {"s[0]", "{}"},
         {"a.x, a.b[0], x, a.b[3].x", R"({"a":{"M":{"b":{"L":[{"N":"2"}]}}}})"},
         {"a.b[7], a.b[2].z, a.b[1]", R"({"a":{"M":{"b":{"L":[{"N":"4"}]}}}})"},
         {"absent.x, b", R"({"b":{"S":"hello"}})"}});
}

struct ErrorRow {
  std::string text;
  std::string_view names;
  std::string message;
};

void check_errors(std::initializer_list<ErrorRow> rows) {
  for (const ErrorRow& row : rows) {
    Bindings bindings = make_bindings(row.names, "");
    const std::string expected = row.message.empty() ? "" : "Invalid ProjectionExpression: " + row.message;
    EXPECT_EQ(error_of([&] { bind_projection(row.text, bindings); }), expected) << row.text;
  }
}

TEST(ProjectionErrors, PathsMustNotOverlapOrConflict) {
  const auto pair = [](std::string_view what, std::string_view one, std::string_view two) {
    return "Two document paths " + std::string(what) +
           " with each other; must remove or rewrite one of these paths; path one: " + std::string(one) +
           ", path two: " + std::string(two);
  };
  const std::string_view names = R"({"#a":"a"})";
  check_errors({{"b[1], b.a, #a.b, a", names, pair("overlap", "[a, b]", "[a]")},
                {"a, #a[1]", names, pair("overlap", "[a]", "[a, [1]]")},
                {"a, a", "", pair("overlap", "[a]", "[a]")},
                {"a.b[0],a.b[0]", "", pair("overlap", "[a, b, [0]]", "[a, b, [0]]")},
                {"a,a.b[0]", "", pair("overlap", "[a]", "[a, b, [0]]")},
                {"a.b.d.e, a.b", "", pair("overlap", "[a, b, d, e]", "[a, b]")},
                {"a.b, #a[1], c", names, pair("conflict", "[a, b]", "[a, [1]]")},
                {"a.b[1], #a[1], c", names, pair("conflict", "[a, b, [1]]", "[a, [1]]")},
                {"a, b, a1, a2.b, a2.c, a3[1], a3[2], a4.b, a4.c[2]", "", ""}});
}

TEST(ProjectionErrors, NamesAreDefinedAndPathsThirtyTwoStepsLong) {
  std::string path = "a";
  for (int i = 0; i < 31; ++i) path += ".b";
  check_errors({{"#a", "", "An expression attribute name used in the document path is not defined; attribute name: #a"},
                {"b.#c[0], #a", R"({"#a":"a"})",
                 "An expression attribute name used in the document path is not defined; attribute name: #c"},
                {path, "", ""},
                {path + ".b", "", "The document path has too many nesting levels; nesting levels: 33"}});
}

}  // namespace
}  // namespace stator::expression::test
