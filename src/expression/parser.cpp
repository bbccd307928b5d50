#include <algorithm>
#include <optional>

#include "core/ascii.h"
#include "core/limits.h"
#include "expression/lexer.h"
#include "expression/static_checks.h"
#include "expression/syntax.h"

namespace stator::expression {
namespace {

/// Each non-redundant pair of parentheses contains an operator, so a legal text nests no deeper than the limit on
/// operators. Deeper nesting is always an error; refusing it early bounds the parser's recursion.
constexpr std::size_t kMaxParenthesisDepth = core::kMaxExpressionOperators + 8;

/// Recursive descent. The grammar of conditions is ambiguous at '(' (a condition or an operand may follow), so the same
/// functions parse both; the result shows which it is.
class Parser {
 public:
  Parser(ExpressionKind kind, SyntaxTree& tree) : kind_(kind), tree_(tree), tokens_(tokenize(tree.text)) {}

  void parse() {
    switch (kind_) {
      case ExpressionKind::kProjection:
        parse_projection();
        break;
      case ExpressionKind::kUpdate:
        parse_update();
        break;
      default:
        tree_.root = require_condition(parse_or());
        break;
    }
    if (peek().kind != TokenKind::kEnd) fail();
  }

 private:
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] std::string_view text_of(const Token& token) const {
    return std::string_view(tree_.text).substr(token.begin, token.end - token.begin);
  }
  [[nodiscard]] std::string_view peek_text(std::size_t ahead = 0) const { return text_of(peek(ahead)); }
  [[nodiscard]] bool is_symbol(std::string_view symbol, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::kSymbol && peek_text(ahead) == symbol;
  }
  [[nodiscard]] bool is_keyword(std::string_view upper) const {
    return peek().kind == TokenKind::kWord && core::equals_ignoring_case(peek_text(), upper);
  }
  /// Whether the next token is one of this grammar's keywords, which are not attribute names.
  [[nodiscard]] bool is_any_keyword() const {
    if (kind_ == ExpressionKind::kProjection) return false;
    if (kind_ == ExpressionKind::kUpdate) {
      return is_keyword("SET") || is_keyword("REMOVE") || is_keyword("ADD") || is_keyword("DELETE");
    }
    return is_keyword("AND") || is_keyword("OR") || is_keyword("NOT") || is_keyword("IN") || is_keyword("BETWEEN");
  }
  std::string_view next() { return text_of(tokens_[at_++]); }

  /// The message contains the token, and quotes the text from the previous token to the next.
  [[noreturn]] void fail() const {
    const Token& token = peek();
    const Token& from = at_ > 0 ? tokens_[at_ - 1] : token;
    const Token& to = peek(1);
    std::string message = "Syntax error; token: \"";
    if (token.kind == TokenKind::kEnd) {
      message += "<EOF>";
    } else {
      message += text_of(token);
    }
    message += "\", near: \"";
    message += std::string_view(tree_.text).substr(from.begin, to.end - from.begin);
    message += '"';
    throw_invalid(kind_, message);
  }
  void expect(std::string_view symbol) {
    if (!is_symbol(symbol)) fail();
    ++at_;
  }

  void count_operator() {
    if (++operators_ > core::kMaxExpressionOperators) throw_too_many_operators();
  }
  [[noreturn]] void throw_too_many_operators() const {
    throw_invalid(kind_, "The expression contains too many operators; operator count: " +
                             std::to_string(core::kMaxExpressionOperators + 1));
  }

  NodeId add(SyntaxNode node, std::span<const NodeId> children = {}) {
    if (!children.empty()) {
      node.first = static_cast<std::uint32_t>(tree_.links.size());
      node.count = static_cast<std::uint32_t>(children.size());
      tree_.links.insert(tree_.links.end(), children.begin(), children.end());
    }
    tree_.nodes.push_back(node);
    return static_cast<NodeId>(tree_.nodes.size() - 1);
  }
  NodeId add(NodeKind kind, std::initializer_list<NodeId> children, Operator op = Operator::kEqual) {
    SyntaxNode node;
    node.kind = kind;
    node.op = op;
    return add(node, std::span(children.begin(), children.size()));
  }

  [[nodiscard]] bool is_operand(NodeId id) const {
    const NodeKind kind = tree_.nodes[id].kind;
    return kind == NodeKind::kPath || kind == NodeKind::kValue || kind == NodeKind::kCall;
  }
  /// A path or a value is not a condition; the error names the token that follows it.
  [[nodiscard]] NodeId require_condition(NodeId id) const {
    const NodeKind kind = tree_.nodes[id].kind;
    if (kind == NodeKind::kPath || kind == NodeKind::kValue) fail();
    return id;
  }

  // Conditions -----------------------------------------------------------------------------------------------------

  NodeId parse_or() {
    return parse_chain(NodeKind::kOr, "OR", [this] { return parse_and(); });
  }
  NodeId parse_and() {
    return parse_chain(NodeKind::kAnd, "AND", [this] { return parse_not(); });
  }

  template <class ParsePart>
  NodeId parse_chain(NodeKind kind, std::string_view keyword, ParsePart part) {
    NodeId left = part();
    if (!is_keyword(keyword)) return left;
    std::vector<NodeId> parts{require_condition(left)};
    while (is_keyword(keyword)) {
      ++at_;
      count_operator();
      parts.push_back(require_condition(part()));
    }
    SyntaxNode node;
    node.kind = kind;
    return add(node, parts);
  }

  NodeId parse_not() {
    std::size_t negations = 0;
    while (is_keyword("NOT")) {
      ++at_;
      ++negations;
      count_operator();
    }
    NodeId node = parse_comparison();
    if (negations == 0) return node;
    node = require_condition(node);
    for (; negations > 0; --negations) node = add(NodeKind::kNot, {node});
    return node;
  }

  NodeId parse_comparison() {
    const NodeId left = is_symbol("(") ? parse_parentheses([this] { return parse_or(); }) : parse_operand();
    if (!is_operand(left)) return left;
    if (const auto op = comparator()) {
      ++at_;
      count_operator();
      const NodeId right = parse_operand();
      return add(NodeKind::kCompare, {left, right}, *op);
    }
    if (is_keyword("BETWEEN")) {
      ++at_;
      count_operator();
      const NodeId lower = parse_operand();
      if (!is_keyword("AND")) fail();
      ++at_;
      const NodeId upper = parse_operand();
      return add(NodeKind::kBetween, {left, lower, upper});
    }
    if (is_keyword("IN")) {
      ++at_;
      count_operator();
      std::vector<NodeId> operands{left};
      expect("(");
      parse_list([&] { operands.push_back(parse_operand()); });
      expect(")");
      SyntaxNode node;
      node.kind = NodeKind::kIn;
      return add(node, operands);
    }
    return left;
  }

  [[nodiscard]] std::optional<Operator> comparator() const {
    if (peek().kind != TokenKind::kSymbol) return std::nullopt;
    for (int i = 0; i <= static_cast<int>(Operator::kGreaterOrEqual); ++i) {
      if (peek_text() == operator_text(static_cast<Operator>(i))) return static_cast<Operator>(i);
    }
    return std::nullopt;
  }

  // Operands -------------------------------------------------------------------------------------------------------

  template <class ParseInner>
  NodeId parse_parentheses(ParseInner inner) {
    if (++depth_ > kMaxParenthesisDepth) fail_too_deep();
    expect("(");
    const NodeId id = inner();
    expect(")");
    --depth_;
    if (tree_.nodes[id].parenthesised) throw_invalid(kind_, "The expression has redundant parentheses;");
    tree_.nodes[id].parenthesised = true;
    return id;
  }

  /// For text nested deeper than any legal text: finds out which of the possible faults to report.
  [[noreturn]] void fail_too_deep() {
    std::size_t opened = 0;
    std::size_t closed = 0;
    std::size_t operators = 0;
    for (at_ = 0; peek().kind != TokenKind::kEnd; ++at_) {
      opened += is_symbol("(") ? 1 : 0;
      closed += is_symbol(")") ? 1 : 0;
      operators += comparator() || is_any_keyword() ? 1 : 0;
    }
    if (operators > core::kMaxExpressionOperators) throw_too_many_operators();
    if (opened != closed) fail();
    throw_invalid(kind_, "The expression has redundant parentheses;");
  }

  template <class ParseElement>
  void parse_list(ParseElement element) {
    element();
    while (is_symbol(",")) {
      ++at_;
      element();
    }
  }

  NodeId parse_operand() {
    if (is_symbol("(")) return parse_parentheses([this] { return parse_operand(); });
    if (peek().kind == TokenKind::kValuePlaceholder) {
      SyntaxNode node;
      node.kind = NodeKind::kValue;
      node.text = next();
      return add(node);
    }
    if (peek().kind == TokenKind::kWord && !is_any_keyword() && is_symbol("(", 1)) return parse_call();
    return parse_path();
  }

  NodeId parse_call() {
    SyntaxNode node;
    node.kind = NodeKind::kCall;
    node.text = next();
    expect("(");
    std::vector<NodeId> arguments;
    parse_list([&] { arguments.push_back(parse_operand()); });
    expect(")");
    return add(node, arguments);
  }

  NodeId parse_path() {
    std::vector<SyntaxStep> steps;
    steps.push_back(parse_name());
    while (true) {
      if (is_symbol(".")) {
        ++at_;
        steps.push_back(parse_name());
      } else if (is_symbol("[")) {
        ++at_;
        if (peek().kind != TokenKind::kInteger) fail();
        SyntaxStep step;
        step.kind = SyntaxStep::Kind::kIndex;
        step.text = next();
        steps.push_back(step);
        expect("]");
      } else {
        break;
      }
    }
    SyntaxNode node;
    node.kind = NodeKind::kPath;
    node.first = static_cast<std::uint32_t>(tree_.steps.size());
    node.count = static_cast<std::uint32_t>(steps.size());
    tree_.steps.insert(tree_.steps.end(), steps.begin(), steps.end());
    return add(node);
  }

  SyntaxStep parse_name() {
    SyntaxStep step;
    if (peek().kind == TokenKind::kNamePlaceholder) {
      step.kind = SyntaxStep::Kind::kPlaceholder;
    } else if (peek().kind != TokenKind::kWord || is_any_keyword()) {
      fail();
    }
    step.text = next();
    return step;
  }

  // Projections and updates ----------------------------------------------------------------------------------------

  void parse_projection() {
    parse_list([this] { tree_.projection.push_back(parse_path()); });
  }

  void parse_update() {
    do {
      if (is_keyword("SET")) {
        parse_section(Section::kSet);
      } else if (is_keyword("REMOVE")) {
        parse_section(Section::kRemove);
      } else if (is_keyword("ADD")) {
        parse_section(Section::kAdd);
      } else if (is_keyword("DELETE")) {
        parse_section(Section::kDelete);
      } else {
        fail();
      }
    } while (peek().kind != TokenKind::kEnd);
  }

  void parse_section(Section section) {
    ++at_;
    bool first = true;
    parse_list([&] {
      UpdateSyntax update;
      update.section = section;
      update.starts_section = first;
      first = false;
      update.path = parse_path();
      if (section == Section::kSet) {
        expect("=");
        update.value = parse_set_value();
      } else if (section != Section::kRemove) {
        if (peek().kind != TokenKind::kValuePlaceholder) fail();
        update.value = parse_operand();
      }
      tree_.updates.push_back(update);
    });
  }

  /// operand, operand + operand or operand - operand; the whole may be in parentheses.
  NodeId parse_set_value() {
    const NodeId left = is_symbol("(") ? parse_parentheses([this] { return parse_set_value(); }) : parse_operand();
    if (!is_operand(left) || !(is_symbol("+") || is_symbol("-"))) return left;
    const Operator op = next() == "+" ? Operator::kPlus : Operator::kMinus;
    count_operator();
    const NodeId right = parse_operand();
    return add(NodeKind::kArithmetic, {left, right}, op);
  }

  const ExpressionKind kind_;
  SyntaxTree& tree_;
  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t operators_ = 0;
};

}  // namespace

SharedSyntax parse(ExpressionKind kind, std::string_view text) {
  if (text.empty()) throw_invalid(kind, "The expression can not be empty;");
  if (text.size() > core::kMaxExpressionSizeBytes) {
    std::string message = "Expression size has exceeded the maximum allowed size;";
    // The service reports the size only for conditions and filters.
    if (kind == ExpressionKind::kCondition || kind == ExpressionKind::kFilter) {
      message += " expression size: " + std::to_string(text.size());
    }
    throw_invalid(kind, message);
  }
  auto tree = std::make_shared<SyntaxTree>(text);
  Parser(kind, *tree).parse();
  check_statically(kind, *tree);
  return tree;
}

}  // namespace stator::expression
