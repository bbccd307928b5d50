#include "api/item_rules.h"

#include "api/keys.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "engine/index_key_types.h"

namespace stator::api {

namespace {

void check_schema_attributes(const core::KeySchema& schema, const char* what, const std::vector<std::string>& nested) {
  for (const auto& name : nested) {
    if (schema.find(name) == nullptr) continue;
    core::throw_validation(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " +
        std::string(what) + ": " + name);
  }
}

/// Throws if the update writes an attribute of the table's key.
void refuse_key_updates(const engine::Table& table, const expression::Update& update) {
  for (const auto& path : update.paths()) {
    if (table.key_schema.find(path.attribute) == nullptr) continue;
    core::throw_invalid_parameters("Cannot update attribute " + path.attribute + ". This attribute is part of the key");
  }
}

/// Throws if one of these attributes, into which paths lead, is a key attribute.
void check_nested_attributes(const engine::Table& table, const std::vector<std::string>& nested) {
  if (nested.empty()) return;
  check_schema_attributes(table.key_schema, "Key", nested);
  for (const auto& index : table.indexes) {
    if (!index.vector) check_schema_attributes(index.key_schema, "IndexKey", nested);
  }
}

/// Throws if the update writes a key attribute or gives an index key another type, or if a path leads into either.
void check_update(const engine::Table& table, const expression::Update& update, Place place) {
  refuse_key_updates(table, update);
  // In a transaction, the types of index keys are checked with the item, when it is written.
  if (place == Place::kOperation) engine::check_known_index_key_types(table, update);
  std::vector<std::string> nested;
  update.append_nested_attributes(nested);
  check_nested_attributes(table, nested);
}

engine::WriteAction begin_action(engine::WriteKind kind, const engine::TablePtr& table, const ItemWrite& request) {
  engine::WriteAction action;
  action.kind = kind;
  action.table = table;
  action.condition = request.condition ? &*request.condition : nullptr;
  const ReturnValues returned = request.return_values;
  action.want_old = returned == ReturnValues::kAllOld || returned == ReturnValues::kUpdatedOld;
  action.want_new = returned == ReturnValues::kAllNew || returned == ReturnValues::kUpdatedNew;
  action.want_old_on_failure = request.return_old_on_failure;
  return action;
}

}  // namespace

engine::WriteAction resolve(const engine::TablePtr& table, const PutItem& request, Place place) {
  engine::WriteAction action = begin_action(engine::WriteKind::kPut, table, request);
  action.key = key_from_item(*table, request.item, place);
  action.item = &request.item;
  action.must_be_new = request.must_be_new;
  // Checked before an item is read, and so before a condition is tested (in a transaction also another action's) or any
  // part of a batch is written. If none of that can come first, the writer's own check is enough.
  const bool is_alone = is_operation(place) && !request.condition && !request.must_be_new;
  if (!is_alone) engine::check_index_keys(*table, request.item);
  check_key_paths(*table, request.condition);
  return action;
}

engine::WriteAction resolve(const engine::TablePtr& table, const DeleteItem& request) {
  engine::WriteAction action = begin_action(engine::WriteKind::kDelete, table, request);
  action.key = key_from_attributes(*table, request.key);
  check_key_paths(*table, request.condition);
  return action;
}

void check_statement_size(const UpdateItem& request) {
  if (request.update && request.statement_is_limited &&
      request.update->statement_size_bytes() > core::kMaxItemSizeBytes) {
    core::throw_validation("Item size to update has exceeded the maximum allowed size");
  }
}

engine::WriteAction resolve(const engine::TablePtr& table, const UpdateItem& request, Place place) {
  engine::WriteAction action = begin_action(engine::WriteKind::kUpdate, table, request);
  action.key = key_from_attributes(*table, request.key);
  check_key_paths(*table, request.condition);
  if (request.update) check_update(*table, *request.update, place);
  // Checked before the item is read, and so before the condition is tested.
  check_statement_size(request);
  action.update = request.update ? &*request.update : nullptr;
  return action;
}

engine::WriteAction resolve(const engine::TablePtr& table, const ConditionCheck& request) {
  engine::WriteAction action = begin_action(engine::WriteKind::kConditionCheck, table, request);
  action.key = key_from_attributes(*table, request.key);
  return action;
}

engine::Key resolve(const engine::Table& table, const GetItem& request) {
  engine::Key key = key_from_attributes(table, request.key);
  if (request.projection) check_key_paths(table, request.projection->paths());
  return key;
}

void check_key_paths(const engine::Table& table, const std::vector<expression::Path>& paths) {
  std::vector<std::string> nested;
  for (const auto& path : paths) {
    if (!path.steps.empty()) nested.push_back(path.attribute);
  }
  check_nested_attributes(table, nested);
}

void check_key_paths(const engine::Table& table, const std::optional<expression::Condition>& condition) {
  if (!condition) return;
  std::vector<std::string> nested;
  condition->append_nested_attributes(nested);
  check_nested_attributes(table, nested);
}

}  // namespace stator::api
