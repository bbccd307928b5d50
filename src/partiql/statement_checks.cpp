#include <algorithm>
#include <span>
#include <unordered_set>
#include <vector>

#include "core/api_error.h"
#include "expression/path.h"
#include "partiql/bind.h"
#include "partiql/parser.h"

/// Checks for what the grammar allows and DynamoDB does not.
namespace stator::partiql {
namespace {

using core::throw_validation;

void check_source(const Statement& statement) {
  const Source& source = statement.source;
  if (source.aliased) throw_validation("Aliasing is not supported");
  if (source.joined) throw_validation("Only select from a single table or index is supported.");
  if (source.parts == 0) throw_at("Unexpected path component", statement.text, source.table_where);
  if (source.parts > 2) throw_validation("A path may contain at most 2 components in the FROM clause");
  if (source.empty_part) throw_validation("Path component cannot be an empty string");
  if (source.parts == 1 || statement.kind == StatementKind::kSelect || statement.kind == StatementKind::kExists) return;
  if (statement.kind == StatementKind::kInsert) {
    throw_at("FROM clause may only contain a single table name in data manipulation statements", statement.text,
             source.table_where);
  }
  throw_validation("This operation is not supported on an index");
}

void check_returning(const Statement& statement) {
  if (statement.kind != StatementKind::kDelete) return;
  std::string_view form;
  switch (statement.returning) {
    case Returning::kModifiedOld:
      form = "MODIFIED OLD";
      break;
    case Returning::kAllNew:
      form = "ALL NEW";
      break;
    case Returning::kModifiedNew:
      form = "MODIFIED NEW";
      break;
    default:
      return;
  }
  throw_validation("Invalid returning clause: RETURNING " + std::string(form) +
                   " *. Only RETURNING ALL OLD * is allowed in DELETE statements.");
}

/// Throws if paths of the projection overlap or conflict. Source: recorded from DynamoDB Local.
void check_disjoint(const Statement& statement) {
  std::vector<expression::Path> earlier;
  for (const ProjectedPath& projected : statement.projection) {
    expression::Path path = bind_path(statement, statement.node(projected.path));
    for (const expression::Path& other : earlier) {
      if (relation(path, other) != expression::PathRelation::kApart) throw_validation(clash_text(path, other));
    }
    earlier.push_back(std::move(path));
  }
}

}  // namespace

void check_projection(const Statement& statement) {
  std::unordered_set<std::string_view> names;
  for (const ProjectedPath& projected : statement.projection) {
    const Node& node = statement.node(projected.path);
    if (node.kind != NodeKind::kPath) throw_at("Unexpected path component", statement.text, node.where);
    for (const Step& step : node.steps) {
      if (step.kind == Step::Kind::kOther) throw_at("Unexpected path component", statement.text, step.where);
    }
  }
  for (const ProjectedPath& projected : statement.projection) {
    if (names.insert(projected.name).second) continue;
    throw_validation("Duplicate identifiers in select clause: " + projected.name);
  }
  check_disjoint(statement);
}

void check_statement(Statement& statement) {
  if (statement.source.index.empty()) check_projection(statement);
  check_source(statement);
  if (!statement.unsupported_clause.empty()) {
    throw_at("Unsupported clause: " + std::string(statement.unsupported_clause), statement.text,
             statement.unsupported_where);
  }
  check_returning(statement);
}

}  // namespace stator::partiql
