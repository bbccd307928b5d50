#include "api/index_updates.h"

#include <algorithm>
#include <set>

#include "api/table_request.h"
#include "api/throughput.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "engine/table_changes.h"

namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;

namespace {

constexpr const char* kBeingDeleted = "Index is being deleted";

engine::Index* find_index(engine::Table& table, const std::string& name) {
  const auto found = std::ranges::find(table.indexes, name, &engine::Index::name);
  return found == table.indexes.end() ? nullptr : &*found;
}

/// Finds the global index to be changed or deleted; `verb` is "update" or "delete".
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
  engine::throw_still_in_use(what + ". Table: " + table.name + " Index: " + index);
}

/// Whether the index is in the first phase of its creation, before it is filled.
bool is_being_allocated(const engine::Index& index) {
  return index.status == engine::TableStatus::kCreating && !index.backfilling;
}

/// Throws if a vector attribute is to be a key.
void check_vector_attributes(const Members& action, const Definitions& definitions, const engine::Table& table) {
  for (const KeyElement& element : read_key_elements(action)) {
    const core::KeyAttribute* definition = definitions.find(element.name);
    if (definition == nullptr) continue;
    for (const engine::Index& index : table.indexes) {
      if (!index.vector || index.vector->attribute != element.name) continue;
      throw_invalid_parameters(
          "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "
          "Existing schema: VectorIndexSchema:[VectorAttribute: key{" +
          element.name + ":L:" + std::to_string(index.vector->dimensions) +
          "}] New schema: Schema:[SchemaElement: key{" + element.name + ":" +
          std::string(core::type_name(definition->type)) + (element.hash ? ":HASH}]" : ":RANGE}]"));
    }
  }
}

void create_index(const Members& request, const Members& action, const std::string& name, engine::Table& table) {
  if (const engine::Index* const known = find_index(table, name)) {
    if (known->status == engine::TableStatus::kDeleting) throw_index_in_use(kBeingDeleted, table, name);
    throw_validation("Attempting to create an index which already exists");
  }
  const Definitions definitions = Definitions::read(request);
  if (definitions.all().empty()) {
    throw_invalid_parameters("AttributeDefinitions is not specified for index: " + name);
  }
  check_vector_attributes(action, definitions, table);
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
  if (index.status == engine::TableStatus::kDeleting) throw_index_in_use(kBeingDeleted, table, update.name);
  if (is_being_allocated(index)) {
    throw_index_in_use(
        "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is "
        "active",
        table, update.name);
  }
  std::erase_if(table.indexes, [&](const engine::Index& each) { return each.name == update.name; });
}

/// `before`: the table as it was before the changes that are under way.
void change_index(const Members& action, const std::string& name, const engine::Table& before, engine::Table& table,
                  ChangeTimes times) {
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
  if (index.status == engine::TableStatus::kUpdating) throw_index_in_use("Index is being updated", table, name);
  const auto warm_before = effective_warm(index.warm, table.billing_mode, index.throughput);
  if (throughput) {
    check_throughput_changes(index.throughput, *throughput, index.name);
    change_throughput(index.throughput, *throughput, times.now_ms);
    if (effective_warm(index.warm, table.billing_mode, index.throughput) != warm_before) index.warm = warm_before;
  }
  index.on_demand = without_removed(merge_on_demand(action, table.billing_mode, index.on_demand, index.name));
  if (has_warm) {
    const engine::Index* const old = before.index(name);
    index.warm = merge_warm(action, before.billing_mode, old->throughput, old->warm, name);
    index.warm_until_ms = times.until_ms;
  }
  // If only the warm throughput changes, the index stays ACTIVE.
  if ((throughput || has_on_demand) && index.status == engine::TableStatus::kActive) {
    index.status = engine::TableStatus::kUpdating;
  }
}

/// Removes definitions that neither a key nor a search schema uses.
void drop_unused_definitions(engine::Table& table) {
  std::set<std::string_view> used;
  const auto use = [&](const core::KeySchema& schema) {
    for (const auto& attribute : schema.hash) used.insert(attribute.name);
    for (const auto& attribute : schema.range) used.insert(attribute.name);
  };
  use(table.key_schema);
  for (const auto& index : table.indexes) {
    use(index.key_schema);
    if (!index.vector) continue;
    for (const engine::SearchElement& element : index.vector->schema) used.insert(element.attribute.name);
  }
  std::erase_if(table.attribute_definitions,
                [&](const core::KeyAttribute& attribute) { return !used.contains(attribute.name); });
}

bool is_online(const IndexUpdate& update) { return update.create.has_value() || update.remove.has_value(); }

/// Throws if more than one index would be created or deleted at a time. Indexes of any kind that are already being
/// created or deleted count, too.
void check_one_at_a_time(const IndexUpdates& updates, const engine::Table& table) {
  const auto online =
      static_cast<std::size_t>(std::ranges::count_if(updates.global, is_online)) + updates.vector.size();
  const auto is_other = [&](const engine::Index& index) {
    const bool busy = index.status == engine::TableStatus::kCreating || index.status == engine::TableStatus::kDeleting;
    return busy && std::ranges::find(updates.global, index.name, &IndexUpdate::name) == updates.global.end() &&
           std::ranges::find(updates.vector, index.name, &VectorIndexUpdate::name) == updates.vector.end();
  };
  const bool under_way = online != 0 && std::ranges::any_of(table.indexes, is_other);
  if (online <= 1 && !under_way && updates.global.size() <= core::kMaxIndexUpdates) return;
  throw core::ApiError(core::ErrorCode::kLimitExceeded,
                       "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
                       "table");
}

std::vector<IndexUpdate> read_global_index_updates(const Members& request) {
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

}  // namespace

IndexUpdates read_index_updates(const Members& request) {
  return {read_global_index_updates(request), read_vector_index_updates(request)};
}

bool IndexUpdates::creates() const {
  return std::ranges::any_of(global, [](const auto& update) { return update.create.has_value(); }) ||
         std::ranges::any_of(vector, [](const auto& update) { return update.create.has_value(); });
}

bool IndexUpdates::removes() const {
  return std::ranges::any_of(global, [](const auto& update) { return update.remove.has_value(); }) ||
         std::ranges::any_of(vector, [](const auto& update) { return update.remove.has_value(); });
}

bool updates_throughput(const IndexUpdates& updates) {
  return std::ranges::any_of(updates.global, [](const IndexUpdate& each) {
    return each.update && (each.update->has("ProvisionedThroughput") || each.update->has_members("OnDemandThroughput"));
  });
}

void check_changed_indexes(const IndexUpdates& updates, const engine::Table& table) {
  for (const IndexUpdate& each : updates.global) {
    const engine::Index* const index = each.update ? table.index(each.name) : nullptr;
    if (index == nullptr || !index->global) continue;
    if (index->status == engine::TableStatus::kDeleting) throw_index_in_use(kBeingDeleted, table, each.name);
    if (is_being_allocated(*index)) {
      throw_index_in_use("Index is being created but is not backfilling yet", table, each.name);
    }
  }
}

void apply_index_updates(const Members& request, const IndexUpdates& updates, engine::Table& table, ChangeTimes times) {
  if (updates.empty()) return;
  check_one_at_a_time(updates, table);
  const engine::Table before = engine::before_changes(table);
  for (const auto& update : updates.global) {
    if (update.create) create_index(request, *update.create, update.name, table);
    if (update.remove) remove_index(update, table);
    if (update.update) change_index(*update.update, update.name, before, table, times);
  }
  for (const auto& update : updates.vector) {
    if (update.create) create_vector_index(request, *update.create, table);
    if (update.remove) remove_vector_index(update.name, table);
  }
  check_indexes(table);
  drop_unused_definitions(table);
}

}  // namespace stator::api
