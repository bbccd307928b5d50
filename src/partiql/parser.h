#pragma once

#include <string_view>
#include <vector>

#include "partiql/lexer.h"
#include "partiql/syntax.h"

namespace stator::partiql {

/// Parses a statement's tokens into its tree. Contains the part of the grammar shared by all statements: expressions
/// and paths. Precedence, from the lowest: OR, AND, NOT, equality (= <> != IS IN), comparison (< <= > >= BETWEEN LIKE),
/// addition (+ - ||), multiplication.
class ExpressionParser {
 public:
  explicit ExpressionParser(Statement& statement);

  /// Parses an expression whose operators bind tighter than `precedence`.
  NodeId expression(int precedence = 0);
  /// Parses a name and further steps: a.b[1]. Throws "Expected identifier for simple path" if it does not begin with a
  /// name.
  NodeId simple_path();

  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool accept(Keyword keyword);
  bool accept(std::string_view symbol);
  /// Accepts a word that is not reserved.
  bool accept_word(std::string_view upper_case);
  void expect(std::string_view symbol, std::string_view name);
  /// The content of a name or string, without quotes.
  std::string_view text_of(const Token& token);

 protected:
  NodeId add(Node node);
  Statement& statement_;

 private:
  struct Infix {
    int precedence = 0;  // 0: not an infix operator
    std::size_t tokens = 1;
    bool negated = false;
  };
  [[nodiscard]] Infix infix() const;
  NodeId binary(NodeId left, const Infix& infix);
  NodeId right_side(int precedence);
  NodeId type_test(NodeId operand, const Token& token, bool negated);
  NodeId membership(NodeId operand, const Token& token, bool negated);
  NodeId between(NodeId operand, const Token& token, bool negated);
  NodeId joined(NodeKind kind, NodeId left, NodeId right);
  NodeId unary();
  NodeId path_term();
  NodeId path_after(NodeId base);
  NodeId term();
  NodeId keyword_term();
  NodeId call();
  NodeId exists();
  NodeId group();
  NodeId list(NodeKind kind, std::string_view close, std::string_view close_name);
  NodeId map();
  void elements(Node& node, std::string_view close, std::string_view close_name);
  Node node_of(NodeKind kind, const Token& token) const;

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

/// Parses the rest of a SELECT, after its keyword, into the statement.
void parse_select(ExpressionParser& parser, Statement& statement);

/// Parses FROM … SET … where a value is expected, as in a statement with a misspelt SELECT. Always throws: "Expected
/// data manipulation" if the table and its WHERE are not followed by a change.
[[noreturn]] void refuse_inner_from(ExpressionParser& parser, Statement& statement);

/// Refuses what the grammar allows but DynamoDB does not: aliases, paths as table names, operators in projections, …
/// Leaves the projection of a read from an index to check_projection, since the service looks up the index first.
void check_statement(Statement& statement);

/// Refuses projections of anything but paths, and repeated names.
void check_projection(const Statement& statement);

}  // namespace stator::partiql
