#include "partiql/parser.h"

#include "core/api_error.h"

namespace stator::partiql {
namespace {

bool accept_by(ExpressionParser& parser) { return parser.accept(Keyword::kBy); }

class StatementParser : public ExpressionParser {
 public:
  explicit StatementParser(Statement& statement) : ExpressionParser(statement) {}

  void parse() {
    const Token first = peek();
    if (accept(Keyword::kSelect)) {
      statement_.kind = StatementKind::kSelect;
      parse_select(*this, statement_);
    } else if (first.is(Keyword::kInsert) && peek(1).is(Keyword::kInto)) {
      insert();
    } else if (accept(Keyword::kUpdate)) {
      update();
    } else if (accept(Keyword::kDelete)) {
      remove();
    } else if (accept(Keyword::kFrom)) {
      from_first_update();
    } else {
      bare_expression();
    }
    finish();
    check_statement(statement_);
  }

 private:
  void finish() {
    if (accept(";") && peek().kind != TokenKind::kEnd) {
      throw_malformed("Unexpected token after semicolon. (Only one query is allowed.)");
    }
    if (peek().kind != TokenKind::kEnd) throw_malformed("Unexpected token after expression");
    if (bare_) refuse(*bare_);
  }

  void insert() {
    take();
    take();
    statement_.kind = StatementKind::kInsert;
    source(simple_path());
    const bool single = accept(Keyword::kValue);
    statement_.value = expression();
    if (single) return;
    finish();
    core::throw_validation("Unsupported operation: Insert");
  }

  void update() {
    statement_.kind = StatementKind::kUpdate;
    source(simple_path());
    alias();
    assignments();
    where();
    returning();
  }

  void remove() {
    statement_.kind = StatementKind::kDelete;
    if (!accept(Keyword::kFrom)) throw_malformed("Expected FROM after DELETE");
    source(simple_path());
    alias();
    where();
    returning();
  }

  /// Parses FROM "table" WHERE … SET … REMOVE …: an UPDATE with its parts in another order.
  void from_first_update() {
    statement_.kind = StatementKind::kUpdate;
    source(expression());
    alias();
    where();
    assignments();
    returning();
  }

  /// Parses any other statement as an expression, of which only EXISTS(SELECT …) is supported.
  void bare_expression() {
    const NodeId id = expression();
    if (statement_.node(id).kind == NodeKind::kExists) {
      statement_.kind = StatementKind::kExists;
    } else {
      bare_ = id;
    }
  }

  [[noreturn]] void refuse(NodeId id) const { throw_unsupported(statement_.node(id)); }

  void assignments() {
    for (;;) {
      if (accept(Keyword::kSet)) {
        do {
          set();
        } while (accept(","));
      } else if (accept(Keyword::kRemove)) {
        statement_.assignments.push_back({true, simple_path(), 0});
      } else {
        break;
      }
    }
    if (statement_.assignments.empty()) throw_malformed("Expected data manipulation");
  }

  void set() {
    const NodeId path = simple_path();
    if (!accept("=")) throw_malformed("Expected '='");
    const NodeId value = expression();
    statement_.assignments.push_back({false, path, value});
  }

  void where() {
    if (accept(Keyword::kWhere)) statement_.where = expression();
  }

  void returning() {
    if (!accept_word("RETURNING")) return;
    bool all = false;
    bool is_new = false;
    if (accept(Keyword::kAll)) {
      all = true;
    } else if (!accept_word("MODIFIED")) {
      throw_malformed("Expected ALL or MODIFIED");
    }
    if (accept_word("NEW")) {
      is_new = true;
    } else if (!accept_word("OLD")) {
      throw_malformed("Expected OLD or NEW");
    }
    if (!accept("*")) throw_malformed("Expected STAR");
    if (all) {
      statement_.returning = is_new ? Returning::kAllNew : Returning::kAllOld;
    } else {
      statement_.returning = is_new ? Returning::kModifiedNew : Returning::kModifiedOld;
    }
  }

 public:
  static std::string_view operation_name(const Node& node);

 private:
  void source(NodeId id) { read_source(statement_, id); }

  void alias() { read_alias(*this, statement_); }

 public:
  static void read_source(Statement& statement, NodeId id);
  static void read_alias(ExpressionParser& parser, Statement& statement);

 private:
  std::optional<NodeId> bare_;
};

std::string_view StatementParser::operation_name(const Node& node) {
  switch (node.kind) {
    case NodeKind::kOr:
      return "Or";
    case NodeKind::kAnd:
      return "And";
    case NodeKind::kNot:
      return "Not";
    case NodeKind::kIn:
      return "InCollection";
    case NodeKind::kBetween:
      return "Between";
    case NodeKind::kIs:
      return "IsType";
    case NodeKind::kLike:
      return "Like";
    case NodeKind::kCall:
      return "Call";
    case NodeKind::kCompare: {
      constexpr std::string_view kNames[] = {"Eq", "Ne", "Lt", "Lte", "Gt", "Gte"};
      return kNames[static_cast<std::size_t>(node.op)];
    }
    case NodeKind::kArithmetic:
      return node.op == Operator::kPlus ? "Plus" : "Minus";
    case NodeKind::kConcat:
      if (node.text == "*") return "Times";
      if (node.text == "/") return "Divide";
      return node.text == "%" ? "Modulo" : "Concat";
    case NodeKind::kNegate:
      return "Neg";
    case NodeKind::kPath:
      return node.steps.size() == 1 ? "Id" : "Path";
    case NodeKind::kParameter:
      return "Parameter";
    case NodeKind::kList:
      return "List";
    case NodeKind::kMap:
      return "Struct";
    case NodeKind::kBag:
      return "Bag";
    case NodeKind::kMissing:
      return "Missing";
    case NodeKind::kExists:
    case NodeKind::kSelect:
      return "Select";
    default:
      return "Lit";
  }
}

void StatementParser::read_source(Statement& statement, NodeId id) {
  const Node& node = statement.node(id);
  Source& source = statement.source;
  source.table_where = node.where;
  source.parts = 0;
  if (node.kind != NodeKind::kPath) return;
  for (const Step& step : node.steps) {
    if (step.kind != Step::Kind::kName) {
      source.parts = 0;
      return;
    }
    if (source.parts == 0) source.table = step.text;
    if (source.parts == 1) source.index = step.text;
    ++source.parts;
    source.empty_part = source.empty_part || step.text.empty();
  }
}

void StatementParser::read_alias(ExpressionParser& parser, Statement& statement) {
  for (const Keyword keyword : {Keyword::kAs, Keyword::kAt, Keyword::kBy}) {
    if (parser.accept(keyword)) {
      if (!parser.peek().is_name()) throw_malformed("Expected identifier for alias");
      parser.take();
      statement.source.aliased = true;
    } else if (keyword == Keyword::kAs && parser.peek().is_name() && !is_same_word(parser.peek().text, "RETURNING")) {
      parser.take();
      statement.source.aliased = true;
    }
  }
}

/// "k[1]": the last name of the path, and the indexes after it.
std::string name_of(const Node& path) {
  std::string name;
  for (const Step& step : path.steps) {
    if (step.kind == Step::Kind::kName) {
      name = step.text;
    } else {
      std::string_view digits = step.text;
      if (digits == "-0") digits.remove_prefix(1);
      name.append("[").append(digits).append("]");
    }
  }
  return name;
}

void parse_projection(ExpressionParser& parser, Statement& statement) {
  if (parser.accept("*")) {
    if (parser.peek().is(",")) {
      throw_malformed("Other expressions may not be present in the select list when '*' is used without dot notation.");
    }
    return;
  }
  do {
    if (parser.peek().is("*")) {
      throw_malformed("Other expressions may not be present in the select list when '*' is used without dot notation.");
    }
    const NodeId path = parser.expression();
    statement.projection.push_back({path, name_of(statement.node(path))});
    if (parser.accept(Keyword::kAs)) {
      if (!parser.peek().is_name()) throw_malformed("Expected identifier for AS-alias");
      parser.take();
      statement.source.aliased = true;
    } else if (parser.peek().is_name()) {
      parser.take();
      statement.source.aliased = true;
    }
  } while (parser.accept(","));
}

/// Notes the first clause that DynamoDB does not support; errors in the rest of the statement are reported before it.
void note_clause(Statement& statement, std::string_view name, Span where) {
  if (statement.unsupported_clause.empty()) {
    statement.unsupported_clause = name;
    statement.unsupported_where = where;
  }
}

void parse_optional_clause(ExpressionParser& parser, Statement& statement, Keyword keyword, std::string_view name) {
  if (!parser.accept(keyword)) return;
  const NodeId value = parser.expression();
  note_clause(statement, name, statement.node(value).where);
}

void parse_order(ExpressionParser& parser, Statement& statement) {
  if (!parser.accept(Keyword::kOrder)) return;
  if (!accept_by(parser)) throw_malformed("Expected BY");
  do {
    OrderTerm term;
    term.path = parser.expression();
    if (!parser.accept(Keyword::kAsc)) term.descending = parser.accept(Keyword::kDesc);
    statement.order.push_back(term);
  } while (parser.accept(","));
}

}  // namespace

void refuse_inner_from(ExpressionParser& parser, Statement& statement) {
  parser.take();
  parser.expression();
  StatementParser::read_alias(parser, statement);
  if (parser.accept(Keyword::kWhere)) parser.expression();
  const Token& next = parser.peek();
  const bool changes = next.is(Keyword::kSet) || next.is(Keyword::kRemove) || next.is(Keyword::kInsert);
  throw_malformed(changes ? "Unexpected keyword" : "Expected data manipulation");
}

void parse_select(ExpressionParser& parser, Statement& statement) {
  const Token first = parser.peek();
  if (parser.accept(Keyword::kDistinct)) note_clause(statement, "DISTINCT", first.span());
  parser.accept(Keyword::kAll);
  if (parser.accept(Keyword::kValue)) note_clause(statement, "SELECT VALUE", first.span());
  parse_projection(parser, statement);
  if (!parser.accept(Keyword::kFrom)) throw_malformed("Expected FROM after SELECT list");
  StatementParser::read_source(statement, parser.expression());
  StatementParser::read_alias(parser, statement);
  while (parser.peek().is(",") || parser.peek().is(Keyword::kJoin)) {
    while (parser.accept(Keyword::kJoin)) {
    }
    parser.accept(",");
    parser.expression();
    StatementParser::read_alias(parser, statement);
    if (parser.accept_word("ON")) parser.expression();
    statement.source.joined = true;
  }
  if (parser.accept(Keyword::kWhere)) statement.where = parser.expression();
  if (parser.accept(Keyword::kGroup)) {
    if (!accept_by(parser)) throw_malformed("Expected BY");
    do {
      note_clause(statement, "GROUP BY", statement.node(parser.expression()).where);
    } while (parser.accept(","));
  }
  parse_optional_clause(parser, statement, Keyword::kHaving, "HAVING");
  parse_order(parser, statement);
  parse_optional_clause(parser, statement, Keyword::kLimit, "LIMIT");
  const Token offset = parser.peek();
  if (parser.accept_word("OFFSET")) {
    parser.expression();
    note_clause(statement, "OFFSET", offset.span());
  }
}

std::string_view operation_name(const Node& node) { return StatementParser::operation_name(node); }

void throw_unsupported(const Node& node) {
  if (node.kind == NodeKind::kMissing) core::throw_validation("MISSING must be compared using IS operator");
  core::throw_validation("Unsupported operation: " + std::string(operation_name(node)));
}

std::size_t Statement::size_bytes() const {
  std::size_t size = sizeof(Statement) + text.capacity() + nodes.capacity() * sizeof(Node);
  for (const Node& node : nodes) {
    size += node.children.capacity() * sizeof(NodeId) + node.steps.capacity() * sizeof(Step);
  }
  for (const std::string& copy : unquoted) size += sizeof(std::string) + copy.capacity();
  return size;
}

SharedStatement parse(std::string_view text) {
  auto statement = std::make_shared<Statement>(text);
  StatementParser(*statement).parse();
  return statement;
}

}  // namespace stator::partiql
