#include <gtest/gtest.h>

#include "expression/support.h"
#include "expression/syntax.h"

namespace stator::expression::test {
namespace {

struct Row {
  ExpressionKind kind;
  std::string text;
  std::string message;  // after "Invalid …Expression: "; empty if the text is valid
};

std::string repeat(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string expected =
        row.message.empty() ? "" : "Invalid " + std::string(expression_name(row.kind)) + ": " + row.message;
    EXPECT_EQ(error_of([&] { parse(row.kind, row.text); }), expected) << row.text;
    EXPECT_EQ(error_of([&] { parse_cached(row.kind, row.text); }), expected) << row.text << " (cached)";
  }
}

constexpr ExpressionKind C = ExpressionKind::kCondition;
constexpr ExpressionKind F = ExpressionKind::kFilter;
constexpr ExpressionKind K = ExpressionKind::kKeyCondition;
constexpr ExpressionKind P = ExpressionKind::kProjection;
constexpr ExpressionKind U = ExpressionKind::kUpdate;

std::string syntax(std::string_view token, std::string_view near) {
  return "Syntax error; token: \"" + std::string(token) + "\", near: \"" + std::string(near) + "\"";
}

TEST(Syntax, EmptyTextIsRefusedForEveryKind) {
  for (const ExpressionKind kind : {C, F, K, P, U}) check({{kind, "", "The expression can not be empty;"}});
}

TEST(Syntax, ErrorNamesTheTokenAndTheTextFromTheTokenBeforeToTheOneAfter) {
  check({
      {U, "INVALID SYNTAX HERE", syntax("INVALID", "INVALID SYNTAX")},
      {P, "!!! INVALID !!!", syntax("!", "!!")},
      {U, "SET path1 = VALUE 1", syntax("1", "VALUE 1")},
      {C, "foo", syntax("<EOF>", "foo")},
      {U, "set {0} = :a", syntax("{", "set {0")},
      {U, "SET _123 = :val1", syntax("_", "SET _123")},
      {K, "pk = :pk AND __typename = :t", syntax("_", "AND __")},
      {U, "ADD hits : incr", syntax(":", "hits : incr")},
      {U, "SET a, #, b", syntax(",", "a, #")},
      {U, "REMOVE a, #, b", syntax("#", ", #,")},
      {U, "ADD a :b, updated = :c", syntax("=", "updated = :c")},
      {K, "[object Object]", syntax("[", "[object")},
      {K, "#t = :type AND b", syntax("<EOF>", "b")},
      {U, "ADD numx", syntax("<EOF>", "numx")},
      {U, "SET a = b +", syntax("<EOF>", "+")},
      {K, "pk = :v a", syntax("a", ":v a")},
      {P, "a b", syntax("b", "a b")},
      {P, "a,", syntax("<EOF>", ",")},
      {P, ",a", syntax(",", ",a")},
      {P, "a,,b", syntax(",", ",,b")},
      {F, "i != :i", syntax("!", "i !=")},
      {F, "a = = b", syntax("=", "= = b")},
      {F, "a  =\t\n=", syntax("=", "=\t\n=")},
      {F, "\xC3\xBC > a", syntax("\xC3\xBC", "\xC3\xBC >")},
      {F, "a = \xE2\x82\xAC", syntax("\xE2\x82\xAC", "= \xE2\x82\xAC")},
  });
}

TEST(Syntax, ConditionsThatAreNone) {
  const std::string_view texts[] = {
      "things are not gonna be ok",
      "a > 4",
      "attribute_exists(Pictures-RearView)",
      "attribute_exists(\"Pictures.RearView\")",
      "attribute_exists(Pictures..RearView)",
      "attribute_exists(Pi#ctures.RearView)",
      "attribute_exists(asdf[a])",
      "a in b, c",
      "a > between",
      "a in b",
      "a in ()",
      "a in (b,c,)",
      "(a)between(b.(c.d))and(c)",
      "(a)between(b.c.d)and((c)",
      "#$.b > a",
      "a > :things.stuff",
      "b[:a] > a",
      "b[#_] > a",
      "(a)between(b.c[4.5].#d)and(:a)",
      "size(a).b > a",
      "(size(a)).b > a",
      "size(a)[0] > a",
      "(size(a))[0] > a",
      "a = b and",
      "and a = b",
      "a = b or or c = d",
      "not",
      "not a",
      "(a) and b = c",
      "(a = b",
      "a = b)",
      "()",
      "(a = b) = c",
      "a[01] = b",
      "a[ ] = b",
      "a[-1] = b",
      "[0] = a",
      ".a = b",
      "a. = b",
      "a.b. = c",
      "a = :",
      "a = #",
      "a b",
      "a between b",
      "a between b and",
      "a between b or c",
      "f() = a",
      "f(a,) = a",
      ":a",
      "#a",
      "a.b[0]",
      "a = b c = d",
      "a + b = c",
      "a = b + c",
      "a[1",
      "a]1[ = b",
      "_a = b",
      "1a = b",
      "a ! b",
      "a == b",
      "a => b",
      "a =< b",
      "a >> b",
      "a IS NULL",
      "* = a",
  };
  for (const std::string_view text : texts) {
    EXPECT_TRUE(error_of([&] { parse(F, text); }).starts_with("Invalid FilterExpression: Syntax error; token: "))
        << text;
  }
}

TEST(Syntax, UpdatesThatAreNone) {
  const std::string_view texts[] = {
      "whatever",
      "set a",
      "add a",
      "delete a",
      "set a=set",
      "remove a = b",
      "add a = b",
      "delete a = b",
      "delete a b",
      "delete a if_not_exist(b)",
      "add abort b",
      "add a if_not_exist(b)",
      "remove a b",
      "set a b",
      "set :a = b",
      "add :a b",
      "delete :a b",
      "remove :a",
      "set a = b / c",
      "set a = b * c",
      "set a[1] = \"eight\"",
      "set a[1] = 1",
      "SET a = if_not_exist(a, 100)",
      "SET if_not_exist(a, b) = a",
      "set (a = (b + c))",
      "set a = (b.c).d + e",
      "set a = (b.c)[0] + e",
      "set a = b + c + d",
      "set a = (b + c) + d",
      "set a = b + (c + d)",
      "set",
      "remove",
      "set a = b,",
      "set a = b, remove c",
      "set , a = b",
      "a = b",
      "set a = f(b + c)",
      "SET c = if_not_exists(c, :v+:w)",
      "SET a = _f(b,c,d)",
      "SET hi-there = :v",
      "SET hi$there = :v",
      "SET \"hithere\" = :v",
      "SET !hithere = :v",
      "SET a[:xyz] = :v",
      "SET a[#xyz] = :v",
      "SET 123 = :v",
      "SET 123a = :v",
      "set a = b set",
      "add a :v b :v",
      "set a = = b",
      "set a == b",
      "remove a[0",
      "remove a[*]",
      "set a.1 = :v",
  };
  for (const std::string_view text : texts) {
    EXPECT_TRUE(error_of([&] { parse(U, text); }).starts_with("Invalid UpdateExpression: Syntax error; token: "))
        << text;
  }
}

TEST(Syntax, ProjectionsThatAreNone) {
  const std::string_view texts[] = {"a.",   "a[",    "a[]",   "a[b]", "(a)", "a, :b", "size(a)", "a = b", "[0]",
                                    "a..b", "a[0]b", "a.[0]", "#",    "_a",  "a;b",   "a.b, ",   "1",     "a.0"};
  for (const std::string_view text : texts) {
    EXPECT_TRUE(error_of([&] { parse(P, text); }).starts_with("Invalid ProjectionExpression: Syntax error; token: "))
        << text;
  }
}

TEST(Syntax, SoundTexts) {
  check({
      {F, "a = :a", ""},
      {F, "(a = :a)", ""},
      {F, "(a) = (:a)", ""},
      {F, "((a) = (:a))", ""},
      {F, "((a=:a) and (a=:a))", ""},
      {F, "NoT not a=b aNd c beTWeen d and e oR f iN (g,h)", ""},
      {F, "a.b[0].c[12][3].#d = :v", ""},
      {F, "#0 = :0 and #_ = :_ and #4g=:4g", ""},
      {F, "attribute_exists(a)and(attribute_not_exists(b)or contains(c,:d))", ""},
      {F, "(attribute_exists(a))", ""},
      {F, "(size(a)) > (:b)", ""},
      {F, "not(a=b)", ""},
      {F, "\t\r\n a\n=\r:b ", ""},
      {F, "set1 = :a and add2 = :b", ""},
      {K, "pk = :p and begins_with(sk, :s)", ""},
      {K, "(pk = :p AND (sk = :s))", ""},
      {P, "a", ""},
      {P, " a  ,   b  ", ""},
      {P, "a.b[2].#c, #d[0]", ""},
      {U, "SET a=b REMOVE c ADD d :e DELETE f :g", ""},
      {U, "delete f :g add d :e remove c set a=b", ""},
      {U, "set a = (b + c)", ""},
      {U, "set a = ((b.c.d)+(e))", ""},
      {U, "set a = (b) - (:c), d=:e", ""},
      {U, "set a = if_not_exists(b, if_not_exists(c, :d)) + :e", ""},
      {U, "set a = list_append(if_not_exists(a, :b), :c)", ""},
      {U, "SET a[3] = :v, b.c[0][1] = :w REMOVE d[0], d[1]", ""},
  });
}

TEST(Syntax, RedundantParenthesesAreRefused) {
  for (const std::string_view text :
       {"a=b and a > ((c))", "(a)between(((b.c)).d)and(c)", "a > whatever((:things), ((a)))",
        "a=b AND ((a=b AND a=b)) AND a=b", "a=b OR ((a=b OR a=b)) OR a=b", "a=b AND ((a=b AND (a=b AND a=b)))",
        "a=b OR ((a=b OR (a=b OR a=b)))", "((a = :a))", "((size(a))) > b", "a in (((b)))", "not ((a=b))",
        "((c=:c) AND ((p=:p)))", "((attribute_exists(a)))"}) {
    check({{F, std::string(text), "The expression has redundant parentheses;"}});
    check({{K, std::string(text), "The expression has redundant parentheses;"}});
  }
  check({{U, "set a = ((b + c))", "The expression has redundant parentheses;"},
         {U, "set a = ((b)) + c", "The expression has redundant parentheses;"}});
}

TEST(Syntax, ReservedWordsNeedPlaceholdersInAnyCaseAndEveryKind) {
  const auto reserved = [](std::string_view word) {
    return "Attribute name is a reserved keyword; reserved keyword: " + std::string(word);
  };
  check({
      {P, "abort", reserved("abort")},
      {P, "a, AbORt", reserved("AbORt")},
      {P, "pk, status", reserved("status")},
      {P, "a.name", reserved("name")},
      {P, "and", reserved("and")},
      {P, "set", reserved("set")},
      {F, "status = :v", reserved("status")},
      {F, ":a < abOrT", reserved("abOrT")},
      {F, "attribute_exists(views, #a)", reserved("views")},
      {F, "size = :a", reserved("size")},
      {F, "set = :a", reserved("set")},
      {K, "year = :y", reserved("year")},
      {C, "data = :val", reserved("data")},
      {U, "SET status = :s, name = :n", reserved("status")},
      {U, " set #c = :c set abOrt = true ", reserved("abOrt")},
      {U, " remove Absolute ", reserved("Absolute")},
      {U, "set a = b.zone", reserved("zone")},
      {U, "set and = :a", reserved("and")},
      {P, "abortx, statuses, naming, xabort, a1", ""},
  });
}

TEST(Syntax, ListIndexesFitThirtyOneBits) {
  check({{P, "a[2147483648]", ""},
         {P, "a[4294967294]", ""},
         {P, "a[4294967295]", "List index is not within the allowable range; index: [4294967295]"},
         {P, "a[4294967296]", "List index is not within the allowable range; index: [4294967296]"},
         {U, "remove a[99999999999999999999]",
          "List index is not within the allowable range; index: [99999999999999999999]"}});
}

TEST(Syntax, FunctionsMustExistAndStandWhereTheyMay) {
  const std::string misused = "The function is not allowed to be used this way in an expression; function: ";
  check({
      {F, "a=a and whatever((:things)) > a", "Invalid function name; function: whatever"},
      {F, "attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"},
      {F, "BEGINS_WITH(a, :b)", "Invalid function name; function: BEGINS_WITH"},
      {K, "p=:p AND dog(c, :c)", "Invalid function name; function: dog"},
      {F, "a=a and attribute_exists((views), (#a)) > b", misused + "attribute_exists"},
      {F, "attribute_not_exists(things) > b", misused + "attribute_not_exists"},
      {F, "attribute_type(things, :a) > b", misused + "attribute_type"},
      {F, "begins_with(things, a) > b", misused + "begins_with"},
      {F, "contains(:things, c) > b", misused + "contains"},
      {F, "size(contains(a, b)) > a", misused + "contains"},
      {F, "size(things)", misused + "size"},
      {F, "(size(things))", misused + "size"},
      {F, "a = b and size(things)", misused + "size"},
      {F, "not size(a)", misused + "size"},
      {F, "a between b and attribute_exists(things)", misused + "attribute_exists"},
      {F, "a in (b, attribute_exists(things))", misused + "attribute_exists"},
      {C, "a = if_not_exists(b, :c)", "The function is not allowed in a condition expression; function: if_not_exists"},
      {C, "list_append(a, b) = c", "The function is not allowed in a condition expression; function: list_append"},
      {U, "SET a = f(b,c,d)", "Invalid function name; function: f"},
      {U, "SET a = f123_hi(b,c,d)", "Invalid function name; function: f123_hi"},
      {U, "SET a = LIST_APPEND(:val1, :val2)", "Invalid function name; function: LIST_APPEND"},
      {U, "set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"},
      {U, "set a = size(b)", "The function is not allowed in an update expression; function: size"},
      {U, "SET a = list_append(list_append(:a, :b), :c)", misused + "list_append"},
      {U, "SET a = list_append(if_not_exists(b, list_append(:a, :b)), :c)", misused + "list_append"},
  });
}

TEST(Syntax, EachSectionStandsOnceInAnUpdate) {
  const auto once = [](std::string_view section) {
    return "The \"" + std::string(section) + "\" section can only be used once in an update expression;";
  };
  check({{U, "set a = #c set c = :d", once("SET")},
         {U, "remove #d set a = b remove e", once("REMOVE")},
         {U, "add #d :e set a = b add e :f", once("ADD")},
         {U, "delete #d :e set a = b delete #e :f", once("DELETE")},
         {U, "SET a = :v REMOVE a SET b = :w", once("SET")}});
}

TEST(Syntax, TextsOf4096BytesAreTheLongest) {
  const std::string too_long = "Expression size has exceeded the maximum allowed size;";
  for (const ExpressionKind kind : {C, F, K}) {
    check({{kind, "a" + repeat(" ", 4089) + " = :v", ""},
           {kind, "a" + repeat(" ", 4091) + " = :v", kind == K ? too_long : too_long + " expression size: 4097"}});
  }
  check({{P, "a" + repeat(" ", 4095), ""},
         {P, "a" + repeat(" ", 4096), too_long},
         {U, "SET" + repeat(" ", 4085) + "a = :val", ""},
         {U, repeat("(", 200004), too_long}});
}

TEST(Syntax, ThreeHundredOperatorsAreTheMost) {
  const std::string too_many = "The expression contains too many operators; operator count: 301";
  check({{C, "a<b" + repeat(" or a<b", 149), ""},                // 150 comparisons, 149 OR
         {C, "NOT a<b" + repeat(" or a<b", 149), ""},            // 300
         {C, "NOT NOT a<b" + repeat(" or a<b", 149), too_many},  // 301
         {C, repeat("NOT ", 299) + "a=b", ""},
         {C, repeat("NOT ", 300) + "a=b", too_many},
         {C, repeat("NOT ", 1000) + "a=b", too_many},
         {C, repeat("(", 303) + "a<b" + repeat(" or a<b)", 303), too_many},
         {C, repeat("(", 149) + "a<b" + repeat(" or a<b)", 149), ""}});
}

TEST(Syntax, DeepNestingIsRefusedWithoutExhaustingTheStack) {
  check({{C, repeat("(", 4000), syntax("<EOF>", "(")},
         {C, repeat("(", 1000) + "a<b" + repeat(")", 1000), "The expression has redundant parentheses;"},
         {C, "a < " + repeat("f(", 1300) + "b" + repeat(")", 1300), "Invalid function name; function: f"},
         {C, "a < " + repeat("f(", 2000), syntax("<EOF>", "(")},
         {U, "set a = " + repeat("(", 3000), syntax("<EOF>", "(")},
         {U, "set a = " + repeat("if_not_exists(a,", 240) + ":v" + repeat(")", 240), ""},
         {F, repeat("size(", 600) + "a" + repeat(")", 600) + " > :v", ""}});
}

TEST(Syntax, SameTextIsParsedOnceAndSharedByAllWhoAsk) {
  const SharedSyntax first = parse_cached(F, "shared_text = :v");
  EXPECT_EQ(parse_cached(F, "shared_text = :v"), first);
  EXPECT_NE(parse_cached(C, "shared_text = :v"), first) << "another kind has errors of its own";
}

TEST(Syntax, CacheForgetsTextsThatWereNotAskedForLately) {
  const SharedSyntax first = parse_cached(F, "forgotten = :v");
  for (int i = 0; i < 20000; ++i) parse_cached(F, "attribute" + std::to_string(i) + " = :v");
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(first->text, "forgotten = :v");
}

}  // namespace
}  // namespace stator::expression::test
