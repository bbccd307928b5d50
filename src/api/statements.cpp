#include "api/statements.h"

#include "core/api_error.h"
#include "core/limits.h"
#include "expression/condition_node.h"
#include "partiql/bind.h"
#include "partiql/key_plan.h"

namespace stator::api {

using core::throw_validation;
using expression::ConditionNode;
using expression::Test;

namespace {

ReturnValues return_values(partiql::Returning returning) {
  switch (returning) {
    case partiql::Returning::kAllOld:
      return ReturnValues::kAllOld;
    case partiql::Returning::kAllNew:
      return ReturnValues::kAllNew;
    case partiql::Returning::kModifiedOld:
      return ReturnValues::kUpdatedOld;
    case partiql::Returning::kModifiedNew:
      return ReturnValues::kUpdatedNew;
    case partiql::Returning::kNone:
      break;
  }
  return ReturnValues::kNone;
}

KeyAttributes key_attributes(const partiql::ItemCondition& item, const core::KeySchema& schema) {
  KeyAttributes key;
  std::size_t part = 0;
  for (const auto* attributes : {&schema.hash, &schema.range}) {
    for (const auto& attribute : *attributes) key.push_back({attribute.name, *item.key[part++]});
  }
  return key;
}

/// The item that a write names. Throws if it names none, or if the type of a key attribute differs from the table's.
partiql::ItemCondition match_item(const StatementMember& member, const engine::Table& table) {
  std::optional<partiql::ItemCondition> item;
  if (member.where) item = partiql::match_item(*member.where, table.key_schema);
  if (!item) throw_validation("Where clause does not contain a mandatory equality on all key attributes");
  return std::move(*item);
}

ConditionNode exists(const engine::Table& table, Test test) {
  ConditionNode node;
  node.test = test;
  node.operands.push_back({expression::Path{table.key_schema.hash.front().name, {}}, false});
  return node;
}

ConditionNode joined(Test test, ConditionNode first, std::optional<ConditionNode> second) {
  if (!second) return first;
  ConditionNode node;
  node.test = test;
  node.children.push_back(std::move(first));
  node.children.push_back(std::move(*second));
  return node;
}

expression::Condition condition_of(ConditionNode root) {
  return expression::Condition(std::make_shared<const ConditionNode>(std::move(root)));
}

void begin_write(const StatementMember& member, ItemWrite& write) {
  write.table_name = member.statement->source.table;
  write.return_values = return_values(member.statement->returning);
  write.return_old_on_failure = member.return_old_on_failure;
}

PutItem to_put(const StatementMember& member) {
  PutItem put;
  begin_write(member, put);
  put.item = partiql::bind_item(*member.statement, member.parameters);
  if (put.item.size_bytes > core::kMaxItemSizeBytes) {
    throw_validation("Item size has exceeded the maximum allowed size");
  }
  put.must_be_new = true;
  return put;
}

/// Converts an UPDATE, which fails if the item does not exist.
UpdateItem to_update(const StatementMember& member, const engine::Table& table) {
  UpdateItem update;
  begin_write(member, update);
  update.update = partiql::bind_update(*member.statement, member.parameters);
  partiql::ItemCondition item = match_item(member, table);
  update.key = key_attributes(item, table.key_schema);
  update.condition = condition_of(joined(Test::kAnd, exists(table, Test::kExists), std::move(item.rest)));
  return update;
}

/// Converts a DELETE, which does nothing if the item does not exist, whatever its condition.
DeleteItem to_delete(const StatementMember& member, const engine::Table& table) {
  DeleteItem deletion;
  begin_write(member, deletion);
  partiql::ItemCondition item = match_item(member, table);
  deletion.key = key_attributes(item, table.key_schema);
  if (item.rest) {
    deletion.condition = condition_of(joined(Test::kOr, exists(table, Test::kNotExists), std::move(item.rest)));
  }
  return deletion;
}

ConditionCheck to_check(const StatementMember& member, const engine::Table& table) {
  ConditionCheck check;
  begin_write(member, check);
  std::optional<partiql::ItemCondition> item;
  if (member.where && member.statement->source.index.empty()) {
    item = partiql::match_item(*member.where, table.key_schema);
  }
  if (!item || !item->rest) {
    throw_validation("EXISTS() must contain a single item read with additional condition");
  }
  check.key = key_attributes(*item, table.key_schema);
  check.condition = condition_of(joined(Test::kAnd, exists(table, Test::kExists), std::move(item->rest)));
  return check;
}

}  // namespace

void check_keys(const TransactWrite& write, const engine::Table& table) {
  const auto value_of = [&](const std::string& name) -> std::optional<core::AttributeValue> {
    if (const auto* put = std::get_if<PutItem>(&write)) {
      const std::string_view stored = json::find_attribute(put->item.json, name);
      return stored.empty() ? std::nullopt : std::optional(json::parse_stored(stored));
    }
    const auto* update = std::get_if<UpdateItem>(&write);
    const KeyAttributes& key = update != nullptr ? update->key : std::get<DeleteItem>(write).key;
    const core::AttributeValue* value = find_attribute(key, name);
    return value == nullptr ? std::nullopt : std::optional(*value);
  };
  for (const auto* part : {&table.key_schema.hash, &table.key_schema.range}) {
    for (const core::KeyAttribute& attribute : *part) {
      const auto value = value_of(attribute.name);
      if (!value) throw_validation("Key attribute should be present in the item: Key " + attribute.name);
      partiql::check_key_type(attribute, *value);
    }
  }
}

TransactWrite to_write(const StatementMember& member, const engine::Table& table) {
  switch (member.statement->kind) {
    case partiql::StatementKind::kInsert:
      return to_put(member);
    case partiql::StatementKind::kUpdate:
      return to_update(member, table);
    case partiql::StatementKind::kDelete:
      return to_delete(member, table);
    case partiql::StatementKind::kExists:
      return to_check(member, table);
    case partiql::StatementKind::kSelect:
      break;
  }
  throw_validation("Unsupported operation: Select");
}

std::optional<GetItem> to_get(const StatementMember& member, const engine::Table& table) {
  const partiql::Statement& statement = *member.statement;
  if (!member.where || !statement.source.index.empty()) return std::nullopt;
  const auto item = partiql::match_item(*member.where, table.key_schema);
  if (!item || item->rest) return std::nullopt;
  GetItem get;
  get.table_name = statement.source.table;
  get.key = key_attributes(*item, table.key_schema);
  get.consistent_read = member.consistent_read;
  const partiql::ResultProjection projection(statement);
  if (!projection.paths().empty()) get.projection.emplace(projection.paths());
  return get;
}

const engine::Index* find_index(const partiql::Statement& statement, const engine::Table& table) {
  if (statement.source.index.empty()) return nullptr;
  const engine::Index* index = table.index(statement.source.index);
  if (index == nullptr) throw_validation("The table does not have the specified index");
  // Source: the open conformance suite's captures, August 2026.
  if (index->vector) throw_validation("Scan operation not supported on this index type");
  if (index->key_schema.hash.size() > 1 || index->key_schema.range.size() > 1) {
    throw_validation(
        "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE "
        "keys.");
  }
  return index;
}

}  // namespace stator::api
