#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stator::expression {

/// The five expression parameters, as their errors name them, and a PartiQL statement, whose errors name none.
enum class ExpressionKind : std::uint8_t {
  kCondition,
  kFilter,
  kKeyCondition,
  kProjection,
  kUpdate,
  kSearch,
  kStatement
};

/// "ConditionExpression", "FilterExpression", …
std::string_view expression_name(ExpressionKind kind);

/// Throws ValidationException "Invalid <ExpressionKind>: <message>"; "<message>" alone for a statement.
[[noreturn]] void throw_invalid(ExpressionKind kind, std::string_view message);

enum class NodeKind : std::uint8_t {
  kOr,
  kAnd,
  kNot,
  kCompare,     // children: left, right
  kBetween,     // children: operand, lower, upper
  kIn,          // children: operand, candidates…
  kCall,        // children: arguments
  kArithmetic,  // children: left, right
  kPath,
  kValue,
};

enum class Operator : std::uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kPlus, kMinus };

/// "=", "<>", …
std::string_view operator_text(Operator op);

enum class Function : std::uint8_t {
  kAttributeExists,
  kAttributeNotExists,
  kAttributeType,
  kBeginsWith,
  kContains,
  kSize,
  kIfNotExists,
  kListAppend,
};

/// "attribute_exists", …
std::string_view function_name(Function function);

/// One step of a path as written.
struct SyntaxStep {
  enum class Kind : std::uint8_t { kName, kPlaceholder, kIndex };
  Kind kind = Kind::kName;
  std::uint32_t index = 0;  // kIndex
  std::string_view text;    // into SyntaxTree::text
};

using NodeId = std::uint32_t;

/// A node of the tree. Its children (or the steps of a path) are in a shared array of the tree.
struct SyntaxNode {
  NodeKind kind = NodeKind::kPath;
  Operator op = Operator::kEqual;
  Function function = Function::kSize;
  bool parenthesised = false;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::string_view text;  // value placeholder or function name
};

enum class Section : std::uint8_t { kSet, kRemove, kAdd, kDelete };

/// "SET", …
std::string_view section_name(Section section);

struct UpdateSyntax {
  Section section = Section::kSet;
  bool starts_section = false;  // it is the first after the section's keyword
  NodeId path = 0;
  NodeId value = 0;  // unused for kRemove
};

/// One parsed text, without its names and values. Immutable once parsed, shared between threads.
struct SyntaxTree {
  explicit SyntaxTree(std::string_view source) : text(source) {}
  SyntaxTree(const SyntaxTree&) = delete;
  SyntaxTree& operator=(const SyntaxTree&) = delete;

  [[nodiscard]] std::span<const NodeId> children(const SyntaxNode& node) const {
    return std::span(links).subspan(node.first, node.count);
  }
  [[nodiscard]] const SyntaxNode& child(const SyntaxNode& node, std::size_t index) const {
    return nodes[links[node.first + index]];
  }
  [[nodiscard]] std::span<const SyntaxStep> steps_of(const SyntaxNode& path) const {
    return std::span(steps).subspan(path.first, path.count);
  }
  /// An estimate of the tree's memory.
  [[nodiscard]] std::size_t size_bytes() const;

  const std::string text;
  std::vector<SyntaxNode> nodes;
  std::vector<NodeId> links;
  std::vector<SyntaxStep> steps;
  NodeId root = 0;                    // conditions
  std::vector<NodeId> projection;     // projections: the paths
  std::vector<UpdateSyntax> updates;  // updates, in the order written
};

using SharedSyntax = std::shared_ptr<const SyntaxTree>;

/// Parses a text and makes all checks that need neither names nor values: size, syntax, redundant parentheses, number
/// of operators, reserved words, list indexes, names and places of functions, repeated sections. Throws the service's
/// ValidationException at the first fault.
SharedSyntax parse(ExpressionKind kind, std::string_view text);

/// The same through a bounded cache shared by all threads; invalid texts are not cached.
SharedSyntax parse_cached(ExpressionKind kind, std::string_view text);

}  // namespace stator::expression
