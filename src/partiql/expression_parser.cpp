#include <algorithm>

#include "partiql/parser.h"

namespace stator::partiql {
namespace {

constexpr int kOrPrecedence = 10;
constexpr int kAndPrecedence = 20;
constexpr int kNotPrecedence = 30;
constexpr int kEqualityPrecedence = 40;
constexpr int kComparisonPrecedence = 50;
constexpr int kAdditionPrecedence = 60;
constexpr int kMultiplicationPrecedence = 70;

struct SymbolOperator {
  std::string_view text;
  int precedence;
  NodeKind kind;
  Operator op;
};

constexpr SymbolOperator kSymbolOperators[] = {
    {"=", kEqualityPrecedence, NodeKind::kCompare, Operator::kEqual},
    {"<>", kEqualityPrecedence, NodeKind::kCompare, Operator::kNotEqual},
    {"!=", kEqualityPrecedence, NodeKind::kCompare, Operator::kNotEqual},
    {"<", kComparisonPrecedence, NodeKind::kCompare, Operator::kLess},
    {"<=", kComparisonPrecedence, NodeKind::kCompare, Operator::kLessOrEqual},
    {">", kComparisonPrecedence, NodeKind::kCompare, Operator::kGreater},
    {">=", kComparisonPrecedence, NodeKind::kCompare, Operator::kGreaterOrEqual},
    {"+", kAdditionPrecedence, NodeKind::kArithmetic, Operator::kPlus},
    {"-", kAdditionPrecedence, NodeKind::kArithmetic, Operator::kMinus},
    {"||", kAdditionPrecedence, NodeKind::kConcat, Operator::kPlus},
    {"*", kMultiplicationPrecedence, NodeKind::kConcat, Operator::kPlus},
    {"/", kMultiplicationPrecedence, NodeKind::kConcat, Operator::kPlus},
    {"%", kMultiplicationPrecedence, NodeKind::kConcat, Operator::kPlus},
};

const SymbolOperator* find_operator(const Token& token) {
  if (token.kind != TokenKind::kSymbol) return nullptr;
  const auto* const found = std::ranges::find(kSymbolOperators, token.text, &SymbolOperator::text);
  return found == std::end(kSymbolOperators) ? nullptr : found;
}

using core::AttributeType;

struct TypeName {
  std::string_view upper_case;
  std::initializer_list<AttributeType> types;
};

/// The types that IS knows, as attribute types. SYMBOL, SEXP and TIMESTAMP are PartiQL types that no attribute has.
/// Source: Developer Guide, "PartiQL data types for DynamoDB".
const TypeName kTypeNames[] = {
    {"NULL", {AttributeType::kNull}},
    {"BOOL", {AttributeType::kBoolean}},
    {"BOOLEAN", {AttributeType::kBoolean}},
    {"STRING", {AttributeType::kString}},
    {"CHAR", {AttributeType::kString}},
    {"CHARACTER", {AttributeType::kString}},
    {"VARCHAR", {AttributeType::kString}},
    {"INT", {AttributeType::kNumber}},
    {"INT2", {AttributeType::kNumber}},
    {"INT4", {AttributeType::kNumber}},
    {"INT8", {AttributeType::kNumber}},
    {"INTEGER", {AttributeType::kNumber}},
    {"INTEGER2", {AttributeType::kNumber}},
    {"INTEGER4", {AttributeType::kNumber}},
    {"INTEGER8", {AttributeType::kNumber}},
    {"SMALLINT", {AttributeType::kNumber}},
    {"FLOAT", {AttributeType::kNumber}},
    {"REAL", {AttributeType::kNumber}},
    {"DOUBLE", {AttributeType::kNumber}},
    {"DEC", {AttributeType::kNumber}},
    {"DECIMAL", {AttributeType::kNumber}},
    {"NUMERIC", {AttributeType::kNumber}},
    {"BLOB", {AttributeType::kBinary}},
    {"CLOB", {AttributeType::kBinary}},
    {"LIST", {AttributeType::kList}},
    {"STRUCT", {AttributeType::kMap}},
    {"TUPLE", {AttributeType::kMap}},
    {"BAG", {AttributeType::kStringSet, AttributeType::kNumberSet, AttributeType::kBinarySet}},
    {"SYMBOL", {}},
    {"SEXP", {}},
    {"TIMESTAMP", {}},
};

}  // namespace

ExpressionParser::ExpressionParser(Statement& statement) : statement_(statement), tokens_(tokenize(statement.text)) {
  statement_.nodes.reserve(tokens_.size());
}

bool ExpressionParser::accept(Keyword keyword) {
  if (!peek().is(keyword)) return false;
  take();
  return true;
}

bool ExpressionParser::accept(std::string_view symbol) {
  if (!peek().is(symbol)) return false;
  take();
  return true;
}

bool ExpressionParser::accept_word(std::string_view upper_case) {
  if (peek().kind != TokenKind::kWord || !is_same_word(peek().text, upper_case)) return false;
  take();
  return true;
}

void ExpressionParser::expect(std::string_view symbol, std::string_view name) {
  if (!accept(symbol)) throw_malformed("Expected " + std::string(name));
}

std::string_view ExpressionParser::text_of(const Token& token) {
  if (token.kind != TokenKind::kQuotedName && token.kind != TokenKind::kString) return token.text;
  const std::string_view inside = token.text.substr(1, token.text.size() - 2);
  if (inside.find(token.text.front()) == std::string_view::npos) return inside;
  return statement_.unquoted.emplace_back(unquoted(token.text));
}

Node ExpressionParser::node_of(NodeKind kind, const Token& token) const {
  Node node;
  node.kind = kind;
  node.where = token.span();
  return node;
}

NodeId ExpressionParser::add(Node node) {
  for (const NodeId child : node.children) {
    node.height = std::max<std::uint16_t>(node.height, statement_.nodes[child].height + 1);
  }
  if (node.height > kMaxHeight) throw_malformed();
  statement_.nodes.push_back(std::move(node));
  return static_cast<NodeId>(statement_.nodes.size() - 1);
}

// Operators ----------------------------------------------------------------------------------------------------------

ExpressionParser::Infix ExpressionParser::infix() const {
  const Token& token = peek();
  if (const SymbolOperator* symbol = find_operator(token)) return {symbol->precedence};
  if (token.kind != TokenKind::kWord) return {};
  switch (token.keyword) {
    case Keyword::kOr:
      return {kOrPrecedence};
    case Keyword::kAnd:
      return {kAndPrecedence};
    case Keyword::kIs:
      return peek(1).is(Keyword::kNot) ? Infix{kEqualityPrecedence, 2, true} : Infix{kEqualityPrecedence};
    case Keyword::kIn:
      return {kEqualityPrecedence};
    case Keyword::kBetween:
    case Keyword::kLike:
      return {kComparisonPrecedence};
    case Keyword::kNot:
      if (peek(1).is(Keyword::kIn)) return {kEqualityPrecedence, 2, true};
      if (peek(1).is(Keyword::kBetween) || peek(1).is(Keyword::kLike)) return {kComparisonPrecedence, 2, true};
      return {};
    default:
      return {};
  }
}

NodeId ExpressionParser::expression(int precedence) {
  // Parentheses, brackets and NOT recurse through here: this limit bounds the stack.
  if (++depth_ > kMaxHeight) throw_malformed();
  NodeId node = unary();
  for (;;) {
    const Infix operation = infix();
    if (operation.precedence <= precedence) break;
    node = binary(node, operation);
  }
  --depth_;
  return node;
}

NodeId ExpressionParser::right_side(int precedence) {
  if (peek().kind == TokenKind::kEnd) throw_malformed("Missing right-hand side expression of infix operator");
  return expression(precedence);
}

NodeId ExpressionParser::binary(NodeId left, const Infix& infix) {
  if (infix.tokens == 2 && !peek().is(Keyword::kIs)) take();  // the NOT in NOT IN, NOT BETWEEN, NOT LIKE
  const Token token = take();
  switch (token.keyword) {
    case Keyword::kIs:
      if (infix.negated) take();
      return type_test(left, token, infix.negated);
    case Keyword::kIn:
      return membership(left, token, infix.negated);
    case Keyword::kBetween:
      return between(left, token, infix.negated);
    case Keyword::kOr:
      return joined(NodeKind::kOr, left, right_side(kOrPrecedence));
    case Keyword::kAnd:
      return joined(NodeKind::kAnd, left, right_side(kAndPrecedence));
    default:
      break;
  }
  Node node = node_of(NodeKind::kLike, token);
  if (const SymbolOperator* symbol = find_operator(token)) {
    node.kind = symbol->kind;
    node.op = symbol->op;
    node.text = symbol->text;
  }
  node.negated = infix.negated;
  node.children = {left, right_side(infix.precedence)};
  return add(std::move(node));
}

/// Makes one node of a AND b AND c, so that a long chain is not deep.
NodeId ExpressionParser::joined(NodeKind kind, NodeId left, NodeId right) {
  Node& first = statement_.nodes[left];
  if (first.kind == kind && !first.in_parentheses) {
    first.children.push_back(right);
    first.height = std::max<std::uint16_t>(first.height, statement_.nodes[right].height + 1);
    if (first.height > kMaxHeight) throw_malformed();
    return left;
  }
  Node node;
  node.kind = kind;
  node.where = first.where;
  node.children = {left, right};
  return add(std::move(node));
}

NodeId ExpressionParser::type_test(NodeId operand, const Token& token, bool negated) {
  const Token name = take();
  Node node = node_of(NodeKind::kIs, token);
  node.negated = negated;
  node.children = {operand};
  node.type_test = std::make_unique<TypeTest>();
  if (name.is(Keyword::kMissing)) {
    node.type_test->missing = true;
    return add(std::move(node));
  }
  const auto* const found = std::ranges::find_if(kTypeNames, [&](const TypeName& type) {
    return name.kind == TokenKind::kWord && is_same_word(name.text, type.upper_case);
  });
  if (found == std::end(kTypeNames)) throw_malformed("Expected type name");
  node.type_test->types = found->types;
  if (found->upper_case == "DOUBLE" && !accept_word("PRECISION")) throw_malformed("Expected type name");
  if (found->upper_case == "CHARACTER") accept_word("VARYING");
  return add(std::move(node));
}

NodeId ExpressionParser::membership(NodeId operand, const Token& token, bool negated) {
  Node node = node_of(NodeKind::kIn, token);
  node.negated = negated;
  NodeId collection = 0;
  if (peek().is("(")) {
    Node candidates = node_of(NodeKind::kList, take());
    elements(candidates, ")", "RIGHT_PAREN");
    collection = add(std::move(candidates));
  } else {
    collection = right_side(kEqualityPrecedence);
  }
  node.children = {operand, collection};
  return add(std::move(node));
}

NodeId ExpressionParser::between(NodeId operand, const Token& token, bool negated) {
  Node node = node_of(NodeKind::kBetween, token);
  node.negated = negated;
  const NodeId lower = right_side(kComparisonPrecedence);
  if (!accept(Keyword::kAnd)) throw_malformed("Expected AND");
  if (peek().kind == TokenKind::kEnd) throw_malformed("Expected expression after AND");
  const NodeId upper = expression(kComparisonPrecedence);
  node.children = {operand, lower, upper};
  return add(std::move(node));
}

NodeId ExpressionParser::unary() {
  const Token token = peek();
  if (token.is(Keyword::kNot)) {
    take();
    Node node = node_of(NodeKind::kNot, token);
    node.children = {expression(kNotPrecedence)};
    return add(std::move(node));
  }
  if (!token.is("-") && !token.is("+")) return path_term();
  take();
  if (++depth_ > kMaxHeight) throw_malformed();
  const NodeId operand = unary();
  --depth_;
  Node& number = statement_.nodes[operand];
  if (number.kind == NodeKind::kNumber) {
    if (token.is("-")) {
      number.text = number.text.starts_with('-')
                        ? number.text.substr(1)
                        : std::string_view(statement_.unquoted.emplace_back("-" + std::string(number.text)));
    }
    return operand;
  }
  Node node = node_of(NodeKind::kNegate, token);
  node.children = {operand};
  return add(std::move(node));
}

// Paths --------------------------------------------------------------------------------------------------------------

NodeId ExpressionParser::simple_path() {
  if (!peek().is_name()) throw_malformed("Expected identifier for simple path");
  const Token token = take();
  Node node = node_of(NodeKind::kPath, token);
  node.steps.push_back({Step::Kind::kName, text_of(token), token.span()});
  return path_after(add(std::move(node)));
}

NodeId ExpressionParser::path_term() {
  const NodeId base = term();
  return peek().is(".") || peek().is("[") ? path_after(base) : base;
}

NodeId ExpressionParser::path_after(NodeId base) {
  std::vector<Step> steps;
  std::uint16_t height = statement_.nodes[base].height;
  for (;;) {
    if (accept(".")) {
      const Token name = take();
      if (name.is_name()) {
        steps.push_back({Step::Kind::kName, text_of(name), name.span()});
      } else if (name.is("*")) {
        steps.push_back({Step::Kind::kOther, name.text, name.span()});
      } else {
        throw_malformed("Invalid path dot component");
      }
      continue;
    }
    if (!accept("[")) break;
    const Token first = peek();
    if (accept("*")) {
      steps.push_back({Step::Kind::kOther, first.text, first.span()});
    } else {
      const Node& index = statement_.nodes[expression()];
      height = std::max<std::uint16_t>(height, index.height + 1);
      Step step{Step::Kind::kOther, index.text, index.where};
      if (index.kind == NodeKind::kNumber) step.kind = Step::Kind::kIndex;
      if (index.kind == NodeKind::kString) step.kind = Step::Kind::kName;
      steps.push_back(step);
    }
    expect("]", "RIGHT_BRACKET");
  }
  if (steps.empty()) return base;
  Node& node = statement_.nodes[base];
  if (node.kind != NodeKind::kPath) {
    // A path into something other than an attribute: (a + b).c, [1, 2][0].
    Node path;
    path.kind = NodeKind::kPath;
    path.where = node.where;
    path.steps.push_back({Step::Kind::kOther, node.text, node.where});
    std::ranges::move(steps, std::back_inserter(path.steps));
    path.children = {base};
    return add(std::move(path));
  }
  std::ranges::move(steps, std::back_inserter(node.steps));
  node.height = std::max(node.height, height);
  if (node.height > kMaxHeight) throw_malformed();
  return base;
}

// Terms --------------------------------------------------------------------------------------------------------------

NodeId ExpressionParser::term() {
  const Token token = peek();
  switch (token.kind) {
    case TokenKind::kQuotedName:
    case TokenKind::kWord: {
      if (token.kind == TokenKind::kWord && token.keyword != Keyword::kNone) return keyword_term();
      if (peek(1).is("(")) return call();
      take();
      Node node = node_of(NodeKind::kPath, token);
      node.steps.push_back({Step::Kind::kName, text_of(token), token.span()});
      return add(std::move(node));
    }
    case TokenKind::kString:
    case TokenKind::kNumber: {
      take();
      Node node = node_of(token.kind == TokenKind::kString ? NodeKind::kString : NodeKind::kNumber, token);
      node.text = text_of(token);
      return add(std::move(node));
    }
    case TokenKind::kParameter: {
      take();
      Node node = node_of(NodeKind::kParameter, token);
      node.parameter = statement_.parameter_count++;
      return add(std::move(node));
    }
    case TokenKind::kSymbol:
      if (token.is("(")) return group();
      if (token.is("[")) return list(NodeKind::kList, "]", "RIGHT_BRACKET");
      if (token.is("<<")) return list(NodeKind::kBag, ">>", "RIGHT_DOUBLE_ANGLE_BRACKET");
      if (token.is("{")) return map();
      if (find_operator(token) != nullptr || token.is("@")) throw_malformed("Unexpected operator");
      [[fallthrough]];
    case TokenKind::kEnd:
      throw_malformed("Unexpected term");
  }
  throw_malformed("Unexpected term");
}

NodeId ExpressionParser::keyword_term() {
  const Token token = peek();
  Node node = node_of(NodeKind::kNull, token);
  switch (token.keyword) {
    case Keyword::kTrue:
    case Keyword::kFalse:
      node.kind = NodeKind::kBoolean;
      node.truth = token.keyword == Keyword::kTrue;
      break;
    case Keyword::kNull:
      break;
    case Keyword::kMissing:
      node.kind = NodeKind::kMissing;
      break;
    case Keyword::kExists:
      if (peek(1).is("(") && peek(2).is(Keyword::kSelect)) return exists();
      [[fallthrough]];
    case Keyword::kFunction:
      if (peek(1).is("(")) return call();
      throw_malformed("Unexpected keyword");
    case Keyword::kAnd:
    case Keyword::kOr:
    case Keyword::kIs:
    case Keyword::kIn:
    case Keyword::kBetween:
    case Keyword::kLike:
      throw_malformed("Unexpected operator");
    case Keyword::kFrom:
      refuse_inner_from(*this, statement_);
    default:
      throw_malformed("Unexpected keyword");
  }
  take();
  return add(std::move(node));
}

NodeId ExpressionParser::call() {
  const Token name = take();
  Node node = node_of(NodeKind::kCall, name);
  node.text = text_of(name);
  take();  // (
  if (peek().is("*")) {
    node.children.push_back(add(node_of(NodeKind::kStar, take())));
    expect(")", "RIGHT_PAREN");
    return add(std::move(node));
  }
  accept(Keyword::kDistinct);
  elements(node, ")", "RIGHT_PAREN");
  return add(std::move(node));
}

NodeId ExpressionParser::exists() {
  const Token name = take();
  take();  // (
  const Token select = take();
  // A statement has only one SELECT, so EXISTS must be the whole statement.
  if (!statement_.source.table.empty()) throw_malformed("Unexpected keyword");
  if (++depth_ > kMaxHeight) throw_malformed();
  parse_select(*this, statement_);
  --depth_;
  expect(")", "RIGHT_PAREN");
  Node node = node_of(NodeKind::kExists, name);
  node.children.push_back(add(node_of(NodeKind::kSelect, select)));
  return add(std::move(node));
}

NodeId ExpressionParser::group() {
  Node values = node_of(NodeKind::kList, take());
  elements(values, ")", "RIGHT_PAREN");
  if (values.children.empty()) throw_malformed("Expression group cannot be empty");
  if (values.children.size() > 1) return add(std::move(values));
  statement_.nodes[values.children.front()].in_parentheses = true;
  return values.children.front();
}

NodeId ExpressionParser::list(NodeKind kind, std::string_view close, std::string_view close_name) {
  Node node = node_of(kind, take());
  elements(node, close, close_name);
  return add(std::move(node));
}

/// Parses expressions separated by commas, and the closing token.
void ExpressionParser::elements(Node& node, std::string_view close, std::string_view close_name) {
  if (accept(close)) return;
  do {
    node.children.push_back(expression());
  } while (accept(","));
  expect(close, close_name);
}

NodeId ExpressionParser::map() {
  Node node = node_of(NodeKind::kMap, take());
  if (accept("}")) return add(std::move(node));
  do {
    node.children.push_back(expression());
    expect(":", "COLON");
    node.children.push_back(expression());
  } while (accept(","));
  expect("}", "RIGHT_CURLY");
  return add(std::move(node));
}

}  // namespace stator::partiql
