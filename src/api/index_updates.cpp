#include "api/index_updates.h"

#include <algorithm>
#include <set>

#include "api/table_request.h"
#include "api/throughput.h"
#include "core/api_error.h"
#include "core/limits.h"

namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;

namespace {

constexpr const char* kInUse = "Attempt to change a resource which is still in use: ";

engine::Index* find_index(engine::Table& table, const std::string& name) {
  const auto found = std::ranges::find(table.indexes, name, &engine::Index::name);
  return found == table.indexes.end() ? nullptr : &*found;
}

/// The global index to be changed or deleted; `verb` is "update" or "delete".
engine::Index& global_index(engine::Table& table, const std::string& name, const char* verb) {
  engine::Index* index = find_index(table, name);
  if (index == nullptr) {
    core::throw_resource_not_found("Requested resource not found: Index " + name + " for table " + table.name);
  }
  if (!index->global) {
    throw_validation("Cannot " + std::string(verb) + " an index that is not a GlobalSecondaryIndex: " + name);
  }
  return *index;
}

[[noreturn]] void throw_index_in_use(const std::string& what, const engine::Table& table, const std::string& index) {
  throw core::ApiError(core::ErrorCode::kResourceInUse, kInUse + what + ". Table: " + table.name + " Index: " + index);
}

/// Takes the definitions of the index's key and ignores the others. Throws where one gives an attribute that the table
/// has already another type.
void merge_definitions(const Definitions& given, const engine::Index& index, engine::Table& table) {
  for (const auto& definition : given.all()) {
    if (index.key_schema.find(definition.name) == nullptr) continue;
    const auto found = std::ranges::find(table.attribute_definitions, definition.name, &core::KeyAttribute::name);
    if (found == table.attribute_definitions.end()) {
      table.attribute_definitions.push_back(definition);
      continue;
    }
    if (found->type == definition.type) continue;
    const bool hash = std::ranges::find(index.key_schema.hash, definition.name, &core::KeyAttribute::name) !=
                      index.key_schema.hash.end();
    const auto schema = [&](core::AttributeType type) {
      return "Schema:[SchemaElement: key{" + definition.name + ":" + std::string(core::type_name(type)) +
             (hash ? ":HASH}]" : ":RANGE}]");
    };
    throw_invalid_parameters(
        "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
        "defined. Existing schema: " +
        schema(found->type) + " New schema: " + schema(definition.type));
  }
}

void create_index(const Members& request, const Members& action, const std::string& name, engine::Table& table) {
  if (find_index(table, name) != nullptr) {
    throw_validation("Attempting to create an index which already exists");
  }
  const Definitions definitions = Definitions::read(request);
  if (definitions.all().empty()) {
    throw_invalid_parameters("AttributeDefinitions is not specified for index: " + name);
  }
  auto index = read_global_index(action, definitions, table.billing_mode, IndexOrigin::kUpdateTable);
  merge_definitions(definitions, index, table);
  const auto global = std::ranges::count_if(table.indexes, &engine::Index::global);
  if (static_cast<std::size_t>(global) >= core::kMaxGlobalIndexes) {
    throw core::ApiError(core::ErrorCode::kLimitExceeded,
                         "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20");
  }
  table.indexes.push_back(std::move(index));
}

void remove_index(const IndexUpdate& update, engine::Table& table) {
  const engine::Index& index = global_index(table, update.name, "delete");
  if (index.status == engine::TableStatus::kDeleting) throw_index_in_use("Index is being deleted", table, update.name);
  std::erase_if(table.indexes, [&](const engine::Index& each) { return each.name == update.name; });
}

void change_index(const Members& action, const std::string& name, engine::Table& table, std::int64_t now_ms) {
  engine::Index& index = global_index(table, name, "update");
  const auto throughput = read_throughput(action);
  const bool has_on_demand = action.has_members("OnDemandThroughput");
  const bool has_warm = action.has_members("WarmThroughput");
  const bool on_demand = table.billing_mode == engine::BillingMode::kPayPerRequest;
  if (on_demand && (throughput || (!has_on_demand && !has_warm))) {
    throw_invalid_parameters(
        "The only Updates for index: " + name +
        " when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput");
  }
  if (!on_demand && !throughput && !has_on_demand && !has_warm) {
    throw_invalid_parameters("Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: " + name);
  }
  if (index.status == engine::TableStatus::kDeleting) throw_index_in_use("Index is being deleted", table, name);
  if (index.status == engine::TableStatus::kUpdating) throw_index_in_use("Index is being updated", table, name);
  const auto warm_before = effective_warm(index.warm, table.billing_mode, index.throughput);
  if (throughput) {
    check_throughput_changes(index.throughput, *throughput, index.name);
    change_throughput(index.throughput, *throughput, now_ms);
    if (effective_warm(index.warm, table.billing_mode, index.throughput) != warm_before) index.warm = warm_before;
  }
  index.on_demand = without_removed(merge_on_demand(action, table.billing_mode, index.on_demand, index.name));
  if (has_warm) index.warm = merge_warm(action, table.billing_mode, index.throughput, index.warm, index.name);
  // A change of warm throughput alone leaves the index ACTIVE.
  if ((throughput || has_on_demand) && index.status == engine::TableStatus::kActive) {
    index.status = engine::TableStatus::kUpdating;
  }
}

/// Removes definitions that no key uses any more.
void drop_unused_definitions(engine::Table& table) {
  std::set<std::string_view> used;
  const auto use = [&](const core::KeySchema& schema) {
    for (const auto& attribute : schema.hash) used.insert(attribute.name);
    for (const auto& attribute : schema.range) used.insert(attribute.name);
  };
  use(table.key_schema);
  for (const auto& index : table.indexes) use(index.key_schema);
  std::erase_if(table.attribute_definitions,
                [&](const core::KeyAttribute& attribute) { return !used.contains(attribute.name); });
}

bool is_online(const IndexUpdate& update) { return update.create.has_value() || update.remove.has_value(); }

/// An index that is being created or deleted counts as well.
void check_one_at_a_time(const std::vector<IndexUpdate>& updates, const engine::Table& table) {
  const auto online = std::ranges::count_if(updates, is_online);
  const auto is_other = [&](const engine::Index& index) {
    const bool busy = index.status == engine::TableStatus::kCreating || index.status == engine::TableStatus::kDeleting;
    return busy && std::ranges::find(updates, index.name, &IndexUpdate::name) == updates.end();
  };
  const bool under_way = online != 0 && std::ranges::any_of(table.indexes, is_other);
  if (online <= 1 && !under_way && updates.size() <= core::kMaxIndexUpdates) return;
  throw core::ApiError(core::ErrorCode::kLimitExceeded,
                       "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
                       "table");
}

}  // namespace

std::vector<IndexUpdate> read_index_updates(const Members& request) {
  std::vector<IndexUpdate> updates;
  const auto list = request.array("GlobalSecondaryIndexUpdates");
  if (!list) return updates;
  std::set<std::string> names;
  for (const auto item : *list) {
    const Members element(item.get_object());
    IndexUpdate update;
    int kinds = 0;
    const auto take = [&](const char* kind, std::optional<Members>& into) {
      const auto object = element.object(kind);
      if (!object) return;
      into = Members(*object);
      update.name = into->text("IndexName").value_or(std::string_view{});
      ++kinds;
    };
    take("Delete", update.remove);
    take("Create", update.create);
    take("Update", update.update);
    if (kinds == 0) {
      throw_invalid_parameters(
          "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
          "GlobalSecondaryIndexUpdate.Delete must not be null");
    }
    if (kinds > 1) {
      throw_invalid_parameters(
          "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object");
    }
    if (!names.insert(update.name).second) {
      throw_invalid_parameters("Only one global secondary index update per index is allowed simultaneously. Index: " +
                               update.name);
    }
    if (update.update && update.update->has("WarmThroughput") && !update.update->has_members("WarmThroughput")) {
      throw_invalid_parameters(
          "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified "
          "for index: " +
          update.name);
    }
    updates.push_back(std::move(update));
  }
  return updates;
}

void apply_index_updates(const Members& request, const std::vector<IndexUpdate>& updates, engine::Table& table,
                         std::int64_t now_ms) {
  if (updates.empty()) return;
  check_one_at_a_time(updates, table);
  for (const auto& update : updates) {
    if (update.create) create_index(request, *update.create, update.name, table);
    if (update.remove) remove_index(update, table);
    if (update.update) change_index(*update.update, update.name, table, now_ms);
  }
  check_indexes(table);
  drop_unused_definitions(table);
}

}  // namespace stator::api
