#include "endpoint/writes.h"

#include <algorithm>
#include <array>

#include "core/api_error.h"
#include "json/reader.h"
#include "partiql/syntax.h"

namespace stator::endpoint {
namespace {

constexpr std::array<std::string_view, 4> kReading = {"BatchGetItem", "Query", "Scan", "TransactGetItems"};
constexpr std::array<std::string_view, 3> kStatements = {"BatchExecuteStatement", "ExecuteStatement",
                                                         "ExecuteTransaction"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Returns null if the text is not a statement.
partiql::SharedStatement parse_statement(std::string_view text) {
  try {
    return partiql::parse_cached(text);
  } catch (const core::ApiError&) {
    return nullptr;
  }
}

bool statement_writes(std::string_view text) {
  const auto statement = parse_statement(text);
  return statement == nullptr ||
         (statement->kind != partiql::StatementKind::kSelect && statement->kind != partiql::StatementKind::kExists);
}

std::vector<std::string> statements_of(const json::Object& request) {
  std::vector<std::string> statements;
  json::Value member;
  std::string_view text;
  if (json::find_member(request, "Statement", member) && member.get(text) == simdjson::SUCCESS)
    statements.emplace_back(text);
  for (const char* list : {"Statements", "TransactStatements"}) {
    json::Array array;
    if (!json::find_member(request, list, member) || member.get(array) != simdjson::SUCCESS) continue;
    for (const json::Value element : array) {
      if (element["Statement"].get(text) == simdjson::SUCCESS) statements.emplace_back(text);
    }
  }
  return statements;
}

void add_once(std::string name, std::vector<std::string>& names) {
  // "arn:aws:dynamodb:eu-west-3:123456789012:table/shop/index/i" names table shop.
  if (const std::size_t at = name.find(":table/"); name.starts_with("arn:") && at != std::string::npos) {
    name.erase(0, at + 7);
    name.erase(std::min(name.find('/'), name.size()));
  }
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

void add_member(const json::Object& object, std::string_view member_name, std::vector<std::string>& names) {
  json::Value member;
  std::string_view text;
  if (json::find_member(object, member_name, member) && member.get(text) == simdjson::SUCCESS)
    add_once(std::string(text), names);
}

void add_transact_items(const json::Object& request, std::vector<std::string>& names) {
  json::Value member;
  json::Array actions;
  if (!json::find_member(request, "TransactItems", member) || member.get(actions) != simdjson::SUCCESS) return;
  for (const json::Value element : actions) {
    json::Object action;
    if (element.get(action) != simdjson::SUCCESS) continue;
    for (const auto part : action) {
      json::Object object;
      if (part.key != "ConditionCheck" && part.value.get(object) == simdjson::SUCCESS)
        add_member(object, "TableName", names);
    }
  }
}

}  // namespace

bool writes(std::string_view operation, std::string_view body) {
  if (operation.starts_with("Describe") || operation.starts_with("Get") || operation.starts_with("List") ||
      holds(kReading, operation))
    return false;
  if (!holds(kStatements, operation)) return true;
  json::Parser parser;
  json::Object request;
  try {
    if (parser.parse(body).get(request) != simdjson::SUCCESS) return true;
  } catch (const core::ApiError&) {
    return true;
  }
  const auto statements = statements_of(request);
  return statements.empty() ||
         std::any_of(statements.begin(), statements.end(), [](const auto& text) { return statement_writes(text); });
}

std::vector<std::string> written_tables(std::string_view operation, std::string_view body) {
  std::vector<std::string> names;
  json::Parser parser;
  json::Object request;
  try {
    if (parser.parse(body).get(request) != simdjson::SUCCESS) return names;
  } catch (const core::ApiError&) {
    return names;
  }
  json::Value member;
  json::Object tables;
  if (operation == "BatchWriteItem" && json::find_member(request, "RequestItems", member) &&
      member.get(tables) == simdjson::SUCCESS) {
    for (const auto table : tables) add_once(std::string(table.key), names);
    return names;
  }
  add_transact_items(request, names);
  for (const char* name : {"TableName", "TargetTableName", "GlobalTableName", "TableArn", "ResourceArn", "BackupArn"})
    add_member(request, name, names);
  for (const std::string& statement : statements_of(request)) {
    const auto parsed = parse_statement(statement);
    if (parsed != nullptr && statement_writes(statement)) add_once(std::string(parsed->source.table), names);
  }
  return names;
}

}  // namespace stator::endpoint
