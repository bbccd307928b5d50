#include "api/request_access.h"

#include <algorithm>

#include "api/call.h"
#include "api/operations.h"
#include "core/api_error.h"
#include "partiql/syntax.h"

namespace stator::api {
namespace {

using shapes::Kind;
using shapes::Rule;
using shapes::Shape;

using Visit = std::function<void(std::string_view)>;

bool names_table(const Shape& shape) {
  return shape.rule == Rule::kTable || shape.rule == Rule::kItemTable || shape.rule == Rule::kTargetTable;
}

/// Visits the table in an ARN. Those of tables, indexes, streams, backups, exports and imports contain ":table/NAME".
void visit_arn(const json::Value& value, const Visit& visit) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return;
  const std::string_view table = table_name_from(text);
  if (table != text) visit(table);
}

/// Null if the value is not a valid statement.
partiql::SharedStatement parse_statement(const json::Value& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return nullptr;
  try {
    return partiql::parse_cached(text);
  } catch (const core::ApiError&) {
    return nullptr;
  }
}

/// Calls `visit` with each statement of the request; null for one that cannot be parsed.
template <class VisitStatement>
void for_each_statement(const Shape& shape, const json::Value& value, const VisitStatement& visit) {
  json::Object object;
  json::Array array;
  if (&shape == &shapes::kStatement) {
    visit(parse_statement(value));
  } else if (shape.kind == Kind::kList && value.get(array) == simdjson::SUCCESS) {
    for (const json::Value element : array) for_each_statement(*shape.element, element, visit);
  } else if (shape.kind == Kind::kStructure && value.get(object) == simdjson::SUCCESS) {
    for (const auto& [key, element] : object) {
      const std::string_view name = key;
      const auto found = std::ranges::find(shape.members, name, &shapes::Member::name);
      if (found != shape.members.end()) for_each_statement(*found->shape, element, visit);
    }
  }
}

bool has_statements(const Operation& operation) {
  return operation.input == &shapes::kExecuteStatement || operation.input == &shapes::kBatchExecuteStatement ||
         operation.input == &shapes::kExecuteTransaction;
}

void visit_tables(const Shape& shape, const json::Value& value, const Visit& visit) {
  std::string_view text;
  json::Object object;
  json::Array array;
  switch (shape.kind) {
    case Kind::kString:
      if (names_table(shape) && value.get(text) == simdjson::SUCCESS) visit(table_name_from(text));
      return;
    case Kind::kList:
      if (value.get(array) != simdjson::SUCCESS) return;
      for (const json::Value element : array) visit_tables(*shape.element, element, visit);
      return;
    case Kind::kMap:
      if (value.get(object) != simdjson::SUCCESS) return;
      for (const auto& [key, element] : object) {
        if (shape.key != nullptr && names_table(*shape.key)) visit(table_name_from(key));
        visit_tables(*shape.element, element, visit);
      }
      return;
    case Kind::kStructure:
      if (value.get(object) != simdjson::SUCCESS) return;
      for (const auto& [key, element] : object) {
        const std::string_view name = key;
        const auto found = std::ranges::find(shape.members, name, &shapes::Member::name);
        if (found == shape.members.end()) continue;
        // An iterator begins with its stream's ARN.
        if (name.ends_with("Arn") || name == "ShardIterator") visit_arn(element, visit);
        visit_tables(*found->shape, element, visit);
      }
      return;
    default:
      return;
  }
}

}  // namespace

void for_each_table(std::string_view operation, const json::Value& request, const Visit& visit) {
  const Operation* const known = find_operation(operation);
  if (known == nullptr) return;
  visit_tables(*known->input, request, visit);
  if (!has_statements(*known)) return;
  for_each_statement(*known->input, request, [&](const partiql::SharedStatement& statement) {
    if (statement != nullptr) visit(statement->source.table);
  });
}

Effect effect_of(const Operation& operation, const json::Value& request) {
  if (!has_statements(operation)) return operation.effect;
  bool reads = false;
  bool writes = false;
  for_each_statement(*operation.input, request, [&](const partiql::SharedStatement& statement) {
    (statement != nullptr && statement->is_read() ? reads : writes) = true;
  });
  return reads && !writes ? Effect::kRead : Effect::kWrite;
}

}  // namespace stator::api
