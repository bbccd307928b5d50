#include "endpoint/writes.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/api_error.h"
#include "json/reader.h"

namespace stator::endpoint {
namespace {

constexpr std::array<std::string_view, 4> kReading = {"BatchGetItem", "Query", "Scan", "TransactGetItems"};
constexpr std::array<std::string_view, 3> kStatements = {"BatchExecuteStatement", "ExecuteStatement",
                                                         "ExecuteTransaction"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return out;
}

/// The first words of a statement; a table's name may stand in double quotes, and an index follows it after a dot.
std::vector<std::string> first_words(std::string_view statement) {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> words;
  std::size_t at = 0;
  while (words.size() < kMost) {
    at = statement.find_first_not_of(" \t\r\n", at);
    if (at == std::string_view::npos) break;
    std::size_t end = 0;
    if (statement[at] == '"') {
      end = statement.find('"', at + 1);
      words.emplace_back(statement.substr(at + 1, end - std::min(end, at + 1)));
      at = end == std::string_view::npos ? statement.size() : end + 1;
    } else {
      end = std::min(statement.find_first_of(" \t\r\n\"", at), statement.size());
      words.emplace_back(statement.substr(at, end - at));
      at = end;
    }
  }
  return words;
}

bool statement_writes(std::string_view statement) {
  const auto words = first_words(statement);
  if (words.empty()) return true;
  const std::string verb = upper(words.front());
  return verb != "SELECT" && !verb.starts_with("EXISTS");
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
  // "arn:aws:dynamodb:eu-west-3:123456789012:table/shop/index/i" is table shop.
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
    const auto words = first_words(statement);
    if (words.empty() || !statement_writes(statement)) continue;
    const std::size_t place = upper(words.front()) == "UPDATE" ? 1 : 2;
    if (words.size() > place) add_once(words[place], names);
  }
  return names;
}

}  // namespace stator::endpoint
