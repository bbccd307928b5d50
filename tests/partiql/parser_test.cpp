#include <gtest/gtest.h>

#include "core/api_error.h"
#include "partiql/syntax.h"

namespace stator::partiql {
namespace {

/// The tree as text: operators before their operands, in parentheses.
std::string printed(const Statement& statement, NodeId id) {
  const Node& node = statement.node(id);
  const auto children = [&](std::string head) {
    if (node.negated) head = "not " + head;
    for (const NodeId child : node.children) head += " " + printed(statement, child);
    return "(" + head + ")";
  };
  switch (node.kind) {
    case NodeKind::kPath: {
      std::string path;
      for (const Step& step : node.steps) {
        path += step.kind == Step::Kind::kName ? (path.empty() ? "" : ".") + std::string(step.text)
                                               : "[" + std::string(step.text) + "]";
      }
      return path;
    }
    case NodeKind::kString:
      return "'" + std::string(node.text) + "'";
    case NodeKind::kNumber:
      return std::string(node.text);
    case NodeKind::kBoolean:
      return node.truth ? "true" : "false";
    case NodeKind::kNull:
      return "null";
    case NodeKind::kMissing:
      return "missing";
    case NodeKind::kParameter:
      return "?" + std::to_string(node.parameter);
    case NodeKind::kList:
      return children("list");
    case NodeKind::kMap:
      return children("map");
    case NodeKind::kBag:
      return children("bag");
    case NodeKind::kCompare:
    case NodeKind::kArithmetic:
      return children(std::string(node.text));
    case NodeKind::kCall:
      return children(std::string(node.text));
    case NodeKind::kIs: {
      if (node.type_test->missing) return children("is missing");
      std::string head = "is";
      for (const auto type : node.type_test->types) head.append(" ").append(core::type_name(type));
      return children(head);
    }
    case NodeKind::kAnd:
      return children("and");
    case NodeKind::kOr:
      return children("or");
    case NodeKind::kNot:
      return children("not");
    case NodeKind::kBetween:
      return children("between");
    case NodeKind::kIn:
      return children("in");
    case NodeKind::kNegate:
      return children("-");
    default:
      return children(std::string(operation_name(node)));
  }
}

std::string printed(const Statement& statement) {
  std::string text(statement.source.table);
  if (!statement.source.index.empty()) text.append(".").append(statement.source.index);
  switch (statement.kind) {
    case StatementKind::kSelect:
    case StatementKind::kExists:
      text = (statement.kind == StatementKind::kSelect ? "select from " : "exists in ") + text;
      for (const ProjectedPath& projected : statement.projection) {
        text += ", " + printed(statement, projected.path) + " as " + projected.name;
      }
      break;
    case StatementKind::kInsert:
      return "insert into " + text + " " + printed(statement, statement.value);
    case StatementKind::kUpdate:
      text = "update " + text;
      for (const Assignment& assignment : statement.assignments) {
        text += (assignment.removes ? " remove " : " set ") + printed(statement, assignment.path);
        if (!assignment.removes) text += " = " + printed(statement, assignment.value);
      }
      break;
    case StatementKind::kDelete:
      text = "delete from " + text;
      break;
  }
  if (statement.where) text += " where " + printed(statement, *statement.where);
  for (const OrderTerm& term : statement.order) {
    text += " order by " + printed(statement, term.path) + (term.descending ? " desc" : "");
  }
  constexpr std::string_view kReturning[] = {"", " returning all old", " returning all new", " returning modified old",
                                             " returning modified new"};
  return text.append(kReturning[static_cast<std::size_t>(statement.returning)]);
}

std::string outcome(std::string_view text) {
  try {
    return printed(*parse(text));
  } catch (const core::ApiError& error) {
    return std::string(error.type.name()) + ": " + error.message;
  }
}

struct Row {
  std::string_view statement;
  std::string_view tree;
};

TEST(Parser, Statements) {
  for (const Row& row : std::initializer_list<Row>{
           {"SELECT * FROM t", "select from t"},
           {"select * from \"t\".\"i\" where a = 1;", "select from t.i where (= a 1)"},
           {"SELECT a, b.c, d[0], e.f[1][2], g.h[3].i FROM t",
            "select from t, a as a, b.c as c, d[0] as d[0], e.f[1][2] as f[1][2], g.h[3].i as i"},
           {"SELECT \"a.b\" FROM t", "select from t, a.b as a.b"},
           {"SELECT \"a\"\"b\" FROM t", "select from t, a\"b as a\"b"},
           {"SELECT l[-0] FROM t", "select from t, l[-0] as l[0]"},
           {"SELECT m['x'] FROM t", "select from t, m.x as x"},
           {"SELECT/**/* FROM t -- the table\nWHERE a/* key */= 'b' --", "select from t where (= a 'b')"},
           {"SELECT * FROM t WHERE a = 'it''s'", "select from t where (= a 'it's')"},
           {"SELECT * FROM t WHERE a = '--' AND b = '/*'", "select from t where (and (= a '--') (= b '/*'))"},
           {"SELECT * FROM t WHERE a = ? AND b = '?' AND c < ?",
            "select from t where (and (= a ?0) (= b '?') (< c ?1))"},
           {"SELECT * FROM t WHERE a = 1 OR b = 2 AND NOT c = 3",
            "select from t where (or (= a 1) (and (= b 2) (not (= c 3))))"},
           {"SELECT * FROM t WHERE (a = 1 OR b = 2) AND c = 3",
            "select from t where (and (or (= a 1) (= b 2)) (= c 3))"},
           {"SELECT * FROM t WHERE a = 1 AND (b = 2 AND c = 3) AND d = 4",
            "select from t where (and (= a 1) (and (= b 2) (= c 3)) (= d 4))"},
           {"SELECT * FROM t WHERE a BETWEEN 1 AND 2 AND b = 3", "select from t where (and (between a 1 2) (= b 3))"},
           {"SELECT * FROM t WHERE a NOT BETWEEN 1 AND 2", "select from t where (not between a 1 2)"},
           {"SELECT * FROM t WHERE a IN (1, 2) AND b IN ['x'] AND c NOT IN (3)",
            "select from t where (and (in a (list 1 2)) (in b (list 'x')) (not in c (list 3)))"},
           {"SELECT * FROM t WHERE a IS MISSING AND b IS NOT NULL AND c IS BAG AND d IS DOUBLE PRECISION",
            "select from t where (and (is missing a) (not is NULL b) (is SS NS BS c) (is N d))"},
           {"SELECT * FROM t WHERE begins_with(a, 'x') AND SIZE(b) != 3",
            "select from t where (and (begins_with a 'x') (!= (SIZE b) 3))"},
           {"SELECT * FROM t WHERE a <> -1.5e-3 AND b >= +.5 AND c <= 7.",
            "select from t where (and (<> a -1.5e-3) (>= b .5) (<= c 7.))"},
           {"SELECT * FROM t WHERE attribute_exists(a) = true", "select from t where (= (attribute_exists a) true)"},
           {"SELECT * FROM t WHERE year = 1 AND name = 'n'", "select from t where (and (= year 1) (= name 'n'))"},
           {"SELECT * FROM t WHERE a = 1 ORDER BY b DESC, c ASC, d",
            "select from t where (= a 1) order by b desc order by c order by d"},
           {"INSERT INTO t VALUE {'a': 1, 'b': [1, 'x', null], 'c': {'d': TRUE}, 'e': <<1, 2>>, 'f': ?}",
            "insert into t (map 'a' 1 'b' (list 1 'x' null) 'c' (map 'd' true) 'e' (bag 1 2) 'f' ?0)"},
           {"insert into t value {}", "insert into t (map)"},
           {"UPDATE t SET a = 1, b = a + 2 REMOVE c[0] SET d.e = list_append(d.e, [1]) WHERE k = 1 RETURNING ALL NEW *",
            "update t set a = 1 set b = (+ a 2) remove c[0] set d.e = (list_append d.e (list 1)) where (= k 1) "
            "returning all new"},
           {"UPDATE t SET n=n--1 WHERE k=1", "update t set n = n"},
           {"UPDATE t SET n=n-1 WHERE k=1", "update t set n = (- n 1) where (= k 1)"},
           {"FROM t WHERE k = 1 SET a = 2 REMOVE b RETURNING modified old *",
            "update t set a = 2 remove b where (= k 1) returning modified old"},
           {"DELETE FROM t WHERE k = 1 returning all old *", "delete from t where (= k 1) returning all old"},
           {"EXISTS(SELECT * FROM t WHERE k = 1 AND a = 2)", "exists in t where (and (= k 1) (= a 2))"},
           {"SELECT old, new, modified, returning, \"offset\" FROM t",
            "select from t, old as old, new as new, modified as modified, returning as returning, offset as offset"},
       }) {
    EXPECT_EQ(outcome(row.statement), row.tree) << row.statement;
  }
}

TEST(Parser, WhatIsNotWellFormed) {
  for (const Row& row : std::initializer_list<Row>{
           {"", "Unexpected term"},
           {"   ", "Unexpected term"},
           {"SELECTT * FROMM \"t\"", "Unexpected token after expression"},
           {"SLECT a FROM t", "Unexpected token after expression"},
           {"SLECT * FROM t", "Expected data manipulation"},
           {"SLECT * FROM \"t\".\"i\" AS x WHERE pk = 'a'", "Expected data manipulation"},
           {"SLECT * FROM t WHERE", "Unexpected term"},
           {"SLECT * FROM t ORDER BY pk", "Expected data manipulation"},
           {"SLECT * FROM t WHERE pk = 'a' SET b = 1", "Unexpected keyword"},
           {"SELECT * FROM t WHERE pk = (FROM t WHERE a = 1)", "Expected data manipulation"},
           {"SELECT * FROM t WHERE pk = 1 foo", "Unexpected token after expression"},
           {"SELECT * FROM t WHERE pk = 1 e5", "Unexpected token after expression"},
           {"SELECT * FROM t WHERE pk = 1)", "Unexpected token after expression"},
           {"SELECT * FROM t ORDER BY pk WHERE pk = 1", "Unexpected token after expression"},
           {"INSERT INTO t VALUE {'pk': 1} foo", "Unexpected token after expression"},
           {"INSERT INTO t u VALUE {'pk': 1}", "Unexpected token after expression"},
           {"INSERT INTO t VALUE {'pk': 1} RETURNING ALL OLD *", "Unexpected token after expression"},
           {"UPDATE t SET a = 9 WHERE pk = 1 foo", "Unexpected token after expression"},
           {"DELETE FROM t WHERE pk = 1 ORDER BY pk", "Unexpected token after expression"},
           {"FROM t SET c = 1 WHERE pk = 1", "Unexpected token after expression"},
           {"FROM t SET c = 1 WHERE pk = 1 SET d = 2", "Unexpected token after expression"},
           {"SELECT * FROM t; SELECT * FROM t", "Unexpected token after semicolon. (Only one query is allowed.)"},
           {"SELECT * FROM t WHERE pk = 1e2147483648", ""},
           {"SELECT * FROM t WHERE pk = 1e99999999999", ""},
           {"SELECT * FROM t WHERE pk = 1.5e-2147483647", ""},
           {"SELECT * FROM t WHERE pk = 1e", ""},
           {"SELECT * FROM t WHERE pk = 1 # note", ""},
           {"SELECT * FROM t WHERE pk = 1 /* note", ""},
           {"SELECT * FROM t WHERE pk = 'oops", ""},
           {"SELECT * FROM \"", ""},
           {"SELECT * FROM \"t\".\"", ""},
           {"SELECT * FROM t WHERE pk = `1`", ""},
           {"SELECT * FROM t WHERE", "Unexpected term"},
           {"SELECT * FROM t WHERE;", "Unexpected term"},
           {"UPDATE t SET a = 1 WHERE", "Unexpected term"},
           {"DELETE FROM t WHERE", "Unexpected term"},
           {"SELECT * FROM t WHERE NOT", "Unexpected term"},
           {"SELECT * FROM t WHERE (", "Unexpected term"},
           {"SELECT * FROM", "Unexpected term"},
           {"SELECT * FROM t WHERE pk = 1 AND", "Missing right-hand side expression of infix operator"},
           {"SELECT * FROM t WHERE pk = 1 OR", "Missing right-hand side expression of infix operator"},
           {"SELECT * FROM t WHERE pk =", "Missing right-hand side expression of infix operator"},
           {"SELECT * FROM t WHERE ORDER BY pk", "Unexpected keyword"},
           {"SELECT * FROM t WHERE pad = 'x'", "Unexpected keyword"},
           {"SELECT size FROM t", "Unexpected keyword"},
           {"SELECT * FROM t WHERE x IS FOO", "Expected type name"},
           {"SELECT * FROM t WHERE IS NULL", "Unexpected operator"},
           {"SELECT * FROM t WHERE pk = LIKE", "Unexpected operator"},
           {"SELECT * FROM t WHERE m.inner = 1", "Invalid path dot component"},
           {"UPDATE t SET m.inner = 1 WHERE pk = 1", "Invalid path dot component"},
           {"UPDATE t SET WHERE", "Expected identifier for simple path"},
           {"UPDATE t WHERE pk = 1", "Expected data manipulation"},
           {"UPDATE t SET a 1 WHERE pk = 1", "Expected '='"},
           {"DELETE t WHERE pk = 1", "Expected FROM after DELETE"},
           {"DELETE FROM", "Expected identifier for simple path"},
           {"DELETE FROM   ", "Expected identifier for simple path"},
           {"DELETE FROM;", "Expected identifier for simple path"},
           {"DELETE FROM WHERE pk = 'a'", "Expected identifier for simple path"},
           {"SELECT a", "Expected FROM after SELECT list"},
           {"SELECT *, a FROM t",
            "Other expressions may not be present in the select list when '*' is used without dot notation."},
           {"SELECT * FROM t WHERE ()", "Expression group cannot be empty"},
       }) {
    EXPECT_EQ(outcome(row.statement),
              "ValidationException: Statement wasn't well formed, can't be processed: " + std::string(row.tree))
        << row.statement;
  }
}

TEST(Parser, WhatDynamoDbDoesNotSupport) {
  for (const Row& row : std::initializer_list<Row>{
           {"SELECT * FROM t u WHERE pk = 'x'", "Aliasing is not supported"},
           {"SELECT * FROM t AS u WHERE pk = 'x'", "Aliasing is not supported"},
           {"SELECT a AS x FROM t", "Aliasing is not supported"},
           {"UPDATE t u SET a = 3 WHERE pk = 'x'", "Aliasing is not supported"},
           {"DELETE FROM t u WHERE pk = 'x'", "Aliasing is not supported"},
           {"SELECT COUNT(*) FROM t", "Unexpected path component at 1:8:5"},
           {"SELECT  count(pk) FROM t", "Unexpected path component at 1:9:5"},
           {"SELECT\n COUNT(*) FROM t", "Unexpected path component at 2:2:5"},
           {"SELECT é, attribute_exists(a) FROM t", "Statement wasn't well formed, can't be processed: "},
           {"SELECT \"é\", attribute_exists(a) FROM t", "Unexpected path component at 1:13:16"},
           {"SELECT a, a FROM t", "Duplicate identifiers in select clause: a"},
           {"SELECT a.z, b.z FROM t", "Duplicate identifiers in select clause: z"},
           {"SELECT a FROM t LIMIT 5", "Unsupported clause: LIMIT at 1:23:1"},
           {"SELECT * FROM t GROUP BY a", "Unsupported clause: GROUP BY at 1:26:1"},
           {"SELECT * FROM t.i.more", "A path may contain at most 2 components in the FROM clause"},
           {"SELECT * FROM \"t\".\"\"", "Path component cannot be an empty string"},
           {"SELECT * FROM \"\"", "Path component cannot be an empty string"},
           {"UPDATE t.i SET a = 1 WHERE pk = 1", "This operation is not supported on an index"},
           {"DELETE FROM \"t\".\"i\" WHERE pk = 1", "This operation is not supported on an index"},
           {"INSERT INTO \"abcdefgh\".\"idx\" VALUE {'pk':'a'}",
            "FROM clause may only contain a single table name in data manipulation statements at 1:13:10"},
           {"INSERT INTO\n\"abcdefgh\".\"idx\" VALUE {'pk':'a'}",
            "FROM clause may only contain a single table name in data manipulation statements at 2:1:10"},
           {"INSERT INTO abcdefgh.idx VALUE {'pk':'a'}",
            "FROM clause may only contain a single table name in data manipulation statements at 1:13:8"},
           {"x IS INT4", "Unsupported operation: IsType"},
           {"x IS DOUBLE PRECISION", "Unsupported operation: IsType"},
           {"x IS CHARACTER VARYING", "Unsupported operation: IsType"},
           {"DELETE FROM t WHERE pk = 1 RETURNING MODIFIED OLD *",
            "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE "
            "statements."},
       }) {
    EXPECT_EQ(outcome(row.statement), "ValidationException: " + std::string(row.tree)) << row.statement;
  }
}

TEST(Parser, DepthIsBounded) {
  const auto repeated = [](std::string_view part, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += part;
    return text;
  };
  const std::string head = "SELECT * FROM t WHERE ";
  const std::string refused = "ValidationException: Statement wasn't well formed, can't be processed: ";
  for (const std::string& deep :
       {repeated("(", 4000), repeated("NOT ", 2000), "a = " + repeated("[", 4000), "a = " + repeated("{'a':", 1600),
        "a = " + repeated("- ", 4000), "a" + repeated("[a", 4000), "a = b" + repeated(" - c", 2000)}) {
    EXPECT_EQ(outcome(head + deep), refused) << deep.substr(0, 20);
  }
  EXPECT_EQ(parse(head + "a = 1" + repeated(" AND a = 1", 800))->nodes.size(), 801 * 3 + 2);
  EXPECT_NO_THROW(parse(head + repeated("(", 100) + "a = 1" + repeated(")", 100)));
}

}  // namespace
}  // namespace stator::partiql
