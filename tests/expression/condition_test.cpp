#include <gtest/gtest.h>

#include "expression/support.h"

namespace stator::expression::test {
namespace {

// One item with every type, and values to compare with.
constexpr std::string_view kItem = R"({
  "s":{"S":"hello"}, "n":{"N":"5"}, "b":{"B":"aGkgdGhlcmU="}, "t":{"BOOL":true}, "z":{"NULL":true},
  "ss":{"SS":["cat","dog"]}, "ns":{"NS":["1","2.50","-3"]}, "bs":{"BS":["AQ==","Ag=="]},
  "l":{"L":[{"S":"x"},{"N":"7"},{"L":[{"S":"deep"}]},{"M":{"k":{"S":"v"}}}]},
  "m":{"M":{"a":{"N":"1"},"b":{"M":{"c":{"S":"nested"}}},"d":{"L":[]}}},
  "blank":{"S":""}, "s2":{"S":"hello"}, "n2":{"N":"10"}, "dotted.nm":{"S":"dot"},
  "setmap":{"M":{"in":{"SS":["a","b"]}}}, "uni":{"S":"\u00e9\u20ac"}, "el":{"L":[]}, "em":{"M":{}}
})";
constexpr std::string_view kValues = R"({
  ":s":{"S":"hello"}, ":h":{"S":"he"}, ":ll":{"S":"ll"}, ":e":{"S":""}, ":zz":{"S":"zz"},
  ":n":{"N":"5"}, ":n50":{"N":"5.00"}, ":n4":{"N":"4"}, ":n6":{"N":"6"}, ":n3":{"N":"3"}, ":n0":{"N":"0"}, ":n1":{"N":"1"},
  ":n2":{"N":"2"}, ":n8":{"N":"8"}, ":n7":{"N":"7"}, ":b":{"B":"aGkgdGhlcmU="}, ":bp":{"B":"aGk="}, ":b1":{"B":"AQ=="},
  ":t":{"BOOL":true}, ":f":{"BOOL":false}, ":z":{"NULL":true}, ":dog":{"S":"dog"}, ":n25":{"N":"2.5"},
  ":ss":{"SS":["dog","cat"]}, ":ss1":{"SS":["dog"]}, ":ns":{"NS":["-3","2.5","1"]}, ":bs":{"BS":["Ag==","AQ=="]},
  ":l":{"L":[{"S":"x"},{"N":"7.0"},{"L":[{"S":"deep"}]},{"M":{"k":{"S":"v"}}}]}, ":lx":{"L":[{"S":"deep"}]},
  ":m":{"M":{"d":{"L":[]},"b":{"M":{"c":{"S":"nested"}}},"a":{"N":"1"}}}, ":x":{"S":"x"}, ":k":{"M":{"k":{"S":"v"}}},
  ":nested":{"S":"nested"}, ":v":{"S":"v"}, ":deep":{"S":"deep"}, ":sm":{"M":{"in":{"SS":["b","a"]}}},
  ":S":{"S":"S"}, ":N":{"S":"N"}, ":B":{"S":"B"}, ":BOOL":{"S":"BOOL"}, ":NULL":{"S":"NULL"}, ":SS":{"S":"SS"},
  ":NS":{"S":"NS"}, ":BS":{"S":"BS"}, ":L":{"S":"L"}, ":M":{"S":"M"}, ":dot":{"S":"dot"}, ":n5u":{"N":"5"}
})";
constexpr std::string_view kNames = R"({"#s":"s","#d":"dotted.nm","#m":"m","#b":"b","#a":"a"})";

bool holds(std::string_view text) {
  Bindings bindings = make_bindings(kNames, kValues);
  const StoredItem stored(kItem);
  return bind_condition(text, ConditionKind::kFilter, bindings).matches(stored.item);
}

struct Row {
  std::string_view text;
  bool holds;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string error = error_of([&] { EXPECT_EQ(holds(row.text), row.holds) << row.text; });
    EXPECT_EQ(error, "") << row.text;
  }
}

TEST(Condition, EqualityIsByValueAndType) {
  check({{"s = :s", true},       {"s = :h", false},      {":s = s", true},         {"s = s2", true},
         {"n = :n50", true},     {"n = n2", false},      {"n = :n", true},         {"b = :b", true},
         {"b = :bp", false},     {"t = :t", true},       {"t = :f", false},        {"z = :z", true},
         {"ss = :ss", true},     {"ss = :ss1", false},   {"ns = :ns", true},       {"bs = :bs", true},
         {"l = :l", true},       {"l = :lx", false},     {"m = :m", true},         {"m = :k", false},
         {"setmap = :sm", true}, {"s = :n", false},      {"n = :s", false},        {"z = :t", false},
         {"blank = :e", true},   {"absent = :s", false}, {"absent = gone", false}, {":s = :s", true},
         {":n = :n50", true},    {":n = :n4", false}});
}

TEST(Condition, InequalityIsTheOppositeOfEqualityEvenWhereNothingIs) {
  check({{"s <> :h", true},
         {"s <> :s", false},
         {"s <> :n", true},
         {"absent <> :s", true},
         {"absent <> gone", true},
         {"ss <> :ss", false},
         {"ss <> :ss1", true},
         {"n <> :n50", false},
         {"z <> :z", false}});
}

TEST(Condition, OrderIsWithinOneScalarType) {
  check({{"n < :n6", true},      {"n < :n", false},        {"n <= :n", true},         {"n > :n4", true},
         {"n > :n", false},      {"n >= :n", true},        {"n >= :n6", false},       {"s > :h", true},
         {"s < :zz", true},      {"s <= :s", true},        {"s >= :zz", false},       {"b > :bp", true},
         {"b < :bp", false},     {"b >= :b", true},        {"n < n2", true},          {"n2 > n", true},
         {"s < :n", false},      {"s > :n", false},        {"n > :s", false},         {"n <= :s", false},
         {"absent < :n", false}, {"absent > gone", false}, {"absent >= gone", false}, {"l < :n", false},
         {"m > n", false},       {"t < z", false},         {"ss < l", false},         {":n4 < n", true},
         {":n6 < n", false},     {"blank < s", true},      {"ns > :n0", false}});
}

TEST(Condition, BetweenIncludesItsBounds) {
  check({{"n between :n4 and :n6", true},
         {"n between :n and :n", true},
         {"n between :n6 and :n8", false},
         {"s between :h and :zz", true},
         {"b between :bp and :b", true},
         {"n between absent and n2 or n = :n", true},
         {":n6 between n and n2", true},
         {":n4 between n and n2", false},
         {"s between :n4 and :n6", false},
         {"absent between :n4 and :n6", false},
         {"n between absent and :n6", false},
         {"n between :n4 and absent", false},
         {"l between :n4 and :n6", false},
         {"n between n2 and :n6", false},
         {"s between :h and n", false}});
}

TEST(Condition, InComparesWithEachCandidate) {
  check({{"n in (:n4, :n)", true},
         {"n in (:n)", true},
         {"n in (:n4, :n6)", false},
         {"n in (:s, :z, :l, :n50)", true},
         {"s in (n, s2)", true},
         {"absent in (:n, :s)", false},
         {"absent in (gone)", false},
         {":n in (n2, n)", true},
         {"ss in (:ss1, :ss)", true},
         {"l in (:l)", true}});
}

TEST(Condition, ExistenceIsOfPathsAndNullExists) {
  check({{"attribute_exists(s)", true},
         {"attribute_exists(absent)", false},
         {"attribute_not_exists(absent)", true},
         {"attribute_not_exists(s)", false},
         {"attribute_exists(z)", true},
         {"attribute_exists(m.b.c)", true},
         {"attribute_exists(m.b.x)", false},
         {"attribute_exists(l[3].k)", true},
         {"attribute_exists(l[4])", false},
         {"attribute_exists(l[2][0])", true},
         {"attribute_exists(s[0])", false},
         {"attribute_exists(s.x)", false},
         {"attribute_exists(l.x)", false},
         {"attribute_exists(m[0])", false},
         {"attribute_exists(#d)", true},
         {"attribute_exists(dotted.nm)", false},
         {"attribute_exists(m.d[0])", false},
         {"attribute_exists(blank)", true}});
}

TEST(Condition, TypesAreNamedAsOnTheWire) {
  check({{"attribute_type(s, :S)", true},
         {"attribute_type(n, :N)", true},
         {"attribute_type(b, :B)", true},
         {"attribute_type(t, :BOOL)", true},
         {"attribute_type(z, :NULL)", true},
         {"attribute_type(ss, :SS)", true},
         {"attribute_type(ns, :NS)", true},
         {"attribute_type(bs, :BS)", true},
         {"attribute_type(l, :L)", true},
         {"attribute_type(m, :M)", true},
         {"attribute_type(s, :N)", false},
         {"attribute_type(absent, :S)", false},
         {"attribute_type(l[1], :N)", true},
         {"attribute_type(m.b, :M)", true}});
}

TEST(Condition, BeginsWithIsForStringsAndBinary) {
  check({{"begins_with(s, :h)", true},
         {"begins_with(s, :s)", true},
         {"begins_with(s, :ll)", false},
         {"begins_with(s, :e)", true},
         {"begins_with(b, :bp)", true},
         {"begins_with(b, :b1)", false},
         {"begins_with(s, :bp)", false},
         {"begins_with(b, :h)", false},
         {"begins_with(n, :h)", false},
         {"begins_with(absent, :h)", false},
         {"begins_with(s, s2)", true},
         {"begins_with(:s, s2)", true},
         {"begins_with(s, n)", false},
         {"begins_with(:h, s)", false},
         {"begins_with(l[0], :x)", true}});
}

TEST(Condition, ContainsFindsPartsAndMembers) {
  check({{"contains(s, :ll)", true},   {"contains(s, :zz)", false},   {"contains(s, :e)", true},
         {"contains(s, :n)", false},   {"contains(b, :bp)", true},    {"contains(b, :b1)", false},
         {"contains(ss, :dog)", true}, {"contains(ss, :s)", false},   {"contains(ns, :n25)", true},
         {"contains(ns, :n)", false},  {"contains(bs, :b1)", true},   {"contains(bs, :b)", false},
         {"contains(l, :x)", true},    {"contains(l, :n7)", true},    {"contains(l, :lx)", true},
         {"contains(l, :k)", true},    {"contains(l, :deep)", false}, {"contains(l[2], :deep)", true},
         {"contains(m, :x)", false},   {"contains(n, :n)", false},    {"contains(absent, :x)", false},
         {"contains(:s, s2)", true},   {"contains(ss, :ss)", false},  {"contains(ns, :dog)", false},
         {"contains(ss, :n)", false}});
}

TEST(Condition, SizeCountsCharactersBytesMembersAndElements) {
  check({{"size(s) = :n", true},
         {"size(b) = :n8", true},
         {"size(ss) = :n2", true},
         {"size(ns) = :n3", true},
         {"size(bs) = :n2", true},
         {"size(l) = :n4", true},
         {"size(m) = :n3", true},
         {"size(blank) = :n0", true},
         {"size(el) = :n0", true},
         {"size(em) = :n0", true},
         {"size(n) = :n1", false},
         {"size(t) = :n1", false},
         {"size(z) = :n1", false},
         {"size(absent) = :n0", false},
         {"size(s) > :n4", true},
         {"size(s) < :n", false},
         {"size(s) between :n4 and :n6", true},
         {"size(s) in (:n4, :n)", true},
         {":n = size(s)", true},
         {"n = size(s)", true},
         {"size(s) = size(s2)", true},
         {"size(:s) = :n", true},
         {"size(:l) = size(l)", true},
         {"size(s) = :s", false},
         {"size(m.b) = :n1", true},
         {"size(l[2]) = :n1", true},
         {"size(#s) = :n", true},
         {"contains(ns, size(m.b))", true},
         {"size(s) <> :n4", true},
         {"size(uni) = :n2", true},
         {"size(n) < :n8", false}});
}

TEST(Condition, NotBindsTighterThanAndAndTighterThanOr) {
  check({{"n = :n or n = :n4 and n = :n6", true},
         {"(n = :n or n = :n4) and n = :n6", false},
         {"n = :n4 and n = :n6 or n = :n", true},
         {"n = :n4 and (n = :n6 or n = :n)", false},
         {"not n = :n4 and n = :n", true},
         {"not (n = :n4 and n = :n)", true},
         {"not n = :n or n = :n", true},
         {"not (n = :n or n = :n)", false},
         {"not not n = :n", true},
         {"not not not n = :n", false},
         {"NOT n = :n4 AnD n between :n4 AND :n6 oR n = :n8", true},
         {"n between :n4 and :n6 and n = :n", true},
         {"not absent = :n", true},
         {"not absent < :n", true},
         {"not attribute_exists(absent)", true},
         {"not contains(absent, :x)", true},
         {"n = :n and s = :s and t = :t and z = :z", true},
         {"n = :n and s = :s and t = :f and z = :z", false},
         {"n = :n4 or s = :h or t = :t", true},
         {"(((n = :n) and s = :s) and t = :t) and z = :z", true}});
}

TEST(Condition, PathsLeadIntoMapsAndLists) {
  check({{"m.a = :n1", true},
         {"m.b.c = :nested", true},
         {"#m.#b.c = :nested", true},
         {"#m.#a = :n1", true},
         {"l[0] = :x", true},
         {"l[1] = :n7", true},
         {"l[2][0] = :deep", true},
         {"l[3].k = :v", true},
         {"l[9] = :x", false},
         {"m.zz = :x", false},
         {"m.a.b = :x", false},
         {"l[0][0] = :x", false},
         {"#d = :dot", true},
         {"l [ 1 ] = :n7", true},
         {"m . b . c = :nested", true},
         {"m.b.c = l[3].k", false},
         {"m.b = l[3]", false}});
}

TEST(Condition, NothingHoldsOfAMissingItemButNegations) {
  Bindings bindings = make_bindings("", R"({":v":{"N":"1"}})");
  const json::Item none;
  EXPECT_TRUE(bind_condition("attribute_not_exists(pk)", ConditionKind::kCondition, bindings).matches(none));
  EXPECT_FALSE(bind_condition("attribute_exists(pk)", ConditionKind::kCondition, bindings).matches(none));
  EXPECT_FALSE(bind_condition("a = :v", ConditionKind::kCondition, bindings).matches(none));
  EXPECT_TRUE(bind_condition("a <> :v", ConditionKind::kCondition, bindings).matches(none));
}

TEST(Condition, BinaryIsOrderedByUnsignedBytes) {
  Bindings bindings = make_bindings("", R"({":v":{"B":"fw=="}})");  // 127
  const StoredItem stored(R"({"c":{"B":"gA=="}})");                 // 128
  EXPECT_TRUE(bind_condition("c > :v", ConditionKind::kFilter, bindings).matches(stored.item));
  EXPECT_FALSE(bind_condition("c < :v", ConditionKind::kFilter, bindings).matches(stored.item));
}

TEST(Condition, TellsWhichAttributesItMentions) {
  Bindings bindings = make_bindings(R"({"#k":"kk"})", R"({":v":{"N":"1"}})");
  const Condition condition = bind_condition("a.b = :v and (size(#k[0]) > :v or not contains(c, d)) and a = :v",
                                             ConditionKind::kFilter, bindings);
  std::vector<std::string> attributes;
  condition.append_attributes(attributes);
  EXPECT_EQ(attributes, (std::vector<std::string>{"a", "kk", "c", "d"}));
  std::vector<std::string> nested;
  condition.append_nested_attributes(nested);
  EXPECT_EQ(nested, (std::vector<std::string>{"a", "kk"}));
}

}  // namespace
}  // namespace stator::expression::test
