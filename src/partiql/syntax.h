#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/attribute_value.h"
#include "expression/syntax.h"
#include "partiql/errors.h"

namespace stator::partiql {

using expression::Operator;

enum class NodeKind : std::uint8_t {
  kOr,          // children: two or more
  kAnd,         // children: two or more
  kNot,         // one child
  kCompare,     // left, right
  kBetween,     // operand, lower, upper
  kIn,          // operand, collection
  kIs,          // one child; `types`
  kLike,        // operand, pattern
  kCall,        // arguments; `text` is the function's name
  kExists,      // one child: kSelect
  kSelect,      // a SELECT inside EXISTS(); its parts are in the statement
  kArithmetic,  // left, right
  kNegate,      // one child, not a number
  kConcat,      // left, right
  kPath,        // `steps`
  kString,      // `text`
  kNumber,      // `text`, with its sign
  kBoolean,     // `truth`
  kNull,
  kMissing,
  kParameter,  // `parameter`
  kList,       // elements
  kMap,        // names and values alternating
  kBag,        // members
  kStar,       // the argument of COUNT(*)
};

/// A step of a path as written.
struct Step {
  enum class Kind : std::uint8_t { kName, kIndex, kOther };
  Kind kind = Kind::kName;
  std::string_view text;  // kName: the name; kIndex: the digits, with their sign
  Span where;
};

/// The types tested by IS: attribute types, or MISSING.
struct TypeTest {
  std::vector<core::AttributeType> types;  // empty: no attribute has that type
  bool missing = false;
};

using NodeId = std::uint32_t;

struct Node {
  NodeKind kind = NodeKind::kNull;
  Operator op = Operator::kEqual;  // kCompare, kArithmetic
  bool negated = false;            // kIn, kBetween, kIs, kLike: NOT IN, …
  bool truth = false;
  bool in_parentheses = false;
  std::uint16_t height = 1;
  std::uint32_t parameter = 0;  // index from 0
  std::string_view text;
  Span where;  // of its first token, or of its operator
  std::vector<NodeId> children;
  std::vector<Step> steps;
  std::unique_ptr<TypeTest> type_test;
};

enum class StatementKind : std::uint8_t { kSelect, kInsert, kUpdate, kDelete, kExists };

/// FROM "table"."index".
struct Source {
  std::string_view table;
  std::string_view index;  // second part of the name; empty: the table itself
  Span table_where;
  std::size_t parts = 0;  // names separated by dots; 0: not a name
  bool empty_part = false;
  bool aliased = false;
  bool joined = false;  // several tables are named
};

struct ProjectedPath {
  NodeId path = 0;
  std::string name;  // name in replies: the last name of the path and its indexes
};

struct OrderTerm {
  NodeId path = 0;
  bool descending = false;
};

/// SET path = value, or REMOVE path.
struct Assignment {
  bool removes = false;
  NodeId path = 0;
  NodeId value = 0;
};

enum class Returning : std::uint8_t { kNone, kAllOld, kAllNew, kModifiedOld, kModifiedNew };

/// A statement, without its parameters. Immutable once parsed, shared between threads.
struct Statement {
  explicit Statement(std::string_view source_text) : text(source_text) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  [[nodiscard]] const Node& node(NodeId id) const { return nodes[id]; }
  [[nodiscard]] const Node& child(const Node& parent, std::size_t index) const { return nodes[parent.children[index]]; }
  /// An estimate of its memory.
  [[nodiscard]] std::size_t size_bytes() const;
  [[nodiscard]] bool is_read() const { return kind == StatementKind::kSelect; }

  const std::string text;
  StatementKind kind = StatementKind::kSelect;
  Source source;
  std::optional<NodeId> where;
  std::vector<ProjectedPath> projection;  // kSelect; empty: *
  std::vector<OrderTerm> order;           // kSelect
  NodeId value = 0;                       // kInsert: the item
  std::vector<Assignment> assignments;    // kUpdate, in the order written
  Returning returning = Returning::kNone;
  std::uint32_t parameter_count = 0;

  std::string_view unsupported_clause;  // the first of LIMIT, GROUP BY, …
  Span unsupported_where;

  std::vector<Node> nodes;
  std::deque<std::string> unquoted;  // names and strings with doubled quotes, unquoted
};

using SharedStatement = std::shared_ptr<const Statement>;

/// Parses one statement and makes all checks that need neither parameters nor tables. Throws ValidationException in the
/// service's words at the first fault. Linear in the text; nesting is bounded (kMaxHeight).
/// Source: Developer Guide, "PartiQL - a SQL-compatible query language for Amazon DynamoDB", and the PartiQL
/// specification's grammar.
SharedStatement parse(std::string_view text);

/// The same through a bounded cache shared by all threads; invalid texts are not cached.
SharedStatement parse_cached(std::string_view text);

/// The service's name for an operation in the message that it is unsupported: "Plus", "IsType", …
std::string_view operation_name(const Node& node);
/// Throws the service's error for an operator or clause that is not supported in that place.
[[noreturn]] void throw_unsupported(const Node& node);

/// Statements that nest deeper are refused.
inline constexpr std::uint16_t kMaxHeight = 200;

}  // namespace stator::partiql
