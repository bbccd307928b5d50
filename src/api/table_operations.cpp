#include <algorithm>
#include <unordered_set>

#include "api/operations.h"
#include "api/reply.h"
#include "api/table_description.h"
#include "api/table_request.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "json/writer.h"

/// CreateTable, DescribeTable, ListTables, UpdateTable, DeleteTable.
namespace stator::api {

using core::throw_validation;

namespace {

constexpr const char* kInvalid = "One or more parameter values were invalid: ";

void write_description(Call& call, const char* member, const engine::Table& table) {
  ObjectWriter writer(call.reply);
  append_table_description(call, table, writer.key(member));
  writer.end();
}

/// One element of GlobalSecondaryIndexUpdates.
struct IndexUpdate {
  std::optional<Members> create;
  std::optional<Members> update;
  std::optional<Members> remove;
  std::string name;
};

std::vector<IndexUpdate> read_index_updates(const Members& request) {
  std::vector<IndexUpdate> updates;
  const auto list = request.array("GlobalSecondaryIndexUpdates");
  if (!list) return updates;
  std::unordered_set<std::string> names;
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
      throw_validation(std::string(kInvalid) +
                       "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                       "GlobalSecondaryIndexUpdate.Delete must not be null");
    }
    if (kinds > 1) {
      throw_validation(std::string(kInvalid) +
                       "Only one of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                       "GlobalSecondaryIndexUpdate.Delete may be specified");
    }
    if (!names.insert(update.name).second) {
      throw_validation(
          std::string(kInvalid) +
          "Only one global secondary index update per index is allowed simultaneously. Index: " + update.name);
    }
    updates.push_back(std::move(update));
  }
  return updates;
}

void check_something_to_update(const Members& request, const std::vector<IndexUpdate>& index_updates) {
  for (const char* member :
       {"ProvisionedThroughput", "BillingMode", "StreamSpecification", "SSESpecification", "ReplicaUpdates",
        "TableClass", "DeletionProtectionEnabled", "WarmThroughput", "MultiRegionConsistency"}) {
    if (request.has(member)) return;
  }
  if (const auto on_demand = request.object("OnDemandThroughput"); on_demand && on_demand->size() != 0) return;
  if (!index_updates.empty()) return;
  throw_validation(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
      "SSESpecification or ReplicaUpdates is required");
}

/// A change of provisioned units, with its times as the service keeps them.
void change_throughput(engine::Throughput& current, const engine::Throughput& wanted, std::int64_t now_ms) {
  if (wanted.read_units > current.read_units || wanted.write_units > current.write_units) {
    current.last_increase_ms = now_ms;
  }
  if (wanted.read_units < current.read_units || wanted.write_units < current.write_units) {
    constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
    if (current.last_decrease_ms / kDayMs != now_ms / kDayMs) current.decreases_today = 0;
    current.last_decrease_ms = now_ms;
    ++current.decreases_today;
  }
  current.read_units = wanted.read_units;
  current.write_units = wanted.write_units;
}

void check_throughput_changes(const engine::Throughput& current, const engine::Throughput& wanted) {
  if (wanted.read_units != current.read_units || wanted.write_units != current.write_units) return;
  throw_validation(
      "The provisioned throughput for the table will not change. The requested value equals the current value. Current "
      "ReadCapacityUnits provisioned for the table: " +
      std::to_string(current.read_units) + ". Requested ReadCapacityUnits: " + std::to_string(wanted.read_units) +
      ". Current WriteCapacityUnits provisioned for the table: " + std::to_string(current.write_units) +
      ". Requested WriteCapacityUnits: " + std::to_string(wanted.write_units) +
      ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.");
}

/// Billing mode and the table's own throughput.
void update_billing(const Members& request, const std::vector<IndexUpdate>& index_updates, engine::Table& table,
                    std::int64_t now_ms) {
  const auto mode_text = request.text("BillingMode");
  const engine::BillingMode wanted_mode = !mode_text                        ? table.billing_mode
                                          : *mode_text == "PAY_PER_REQUEST" ? engine::BillingMode::kPayPerRequest
                                                                            : engine::BillingMode::kProvisioned;
  const auto throughput = read_throughput(request);
  if (throughput && wanted_mode == engine::BillingMode::kPayPerRequest) {
    throw_validation(std::string(kInvalid) +
                     "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                     "PAY_PER_REQUEST");
  }
  const bool switching = wanted_mode != table.billing_mode;
  if (throughput && !switching) check_throughput_changes(table.throughput, *throughput);
  if (switching && wanted_mode == engine::BillingMode::kProvisioned) {
    std::string missing;
    for (const auto& index : table.indexes) {
      const bool given = std::ranges::any_of(
          index_updates, [&](const IndexUpdate& update) { return update.update && update.name == index.name; });
      if (!index.global || given) continue;
      missing += missing.empty() ? "" : ",";
      missing += index.name;
    }
    if (!missing.empty()) {
      throw_validation(std::string(kInvalid) + "ProvisionedThroughput must be specified for index: " + missing);
    }
  }
  table.billing_mode = wanted_mode;
  if (switching && wanted_mode == engine::BillingMode::kPayPerRequest) {
    table.last_pay_per_request_ms = now_ms;
    table.throughput.read_units = 0;
    table.throughput.write_units = 0;
    for (auto& index : table.indexes) {
      index.throughput.read_units = 0;
      index.throughput.write_units = 0;
    }
  }
  if (switching && wanted_mode == engine::BillingMode::kProvisioned) {
    table.on_demand = {};
    for (auto& index : table.indexes) index.on_demand = {};
  }
  if (throughput) change_throughput(table.throughput, *throughput, now_ms);
}

/// What a definition says of an attribute that the table has already does not count, unless the new index needs it so.
void merge_definitions(const std::vector<core::KeyAttribute>& given, const engine::Index& index, engine::Table& table) {
  for (const auto& definition : given) {
    const auto found = std::ranges::find(table.attribute_definitions, definition.name, &core::KeyAttribute::name);
    if (found == table.attribute_definitions.end()) {
      table.attribute_definitions.push_back(definition);
      continue;
    }
    if (found->type == definition.type || index.key_schema.find(definition.name) == nullptr) continue;
    const bool hash = std::ranges::find(index.key_schema.hash, definition.name, &core::KeyAttribute::name) !=
                      index.key_schema.hash.end();
    const auto schema = [&](core::AttributeType type) {
      return "Schema:[SchemaElement: key{" + definition.name + ":" + std::string(core::type_name(type)) +
             (hash ? ":HASH}]" : ":RANGE}]");
    };
    throw_validation(std::string(kInvalid) +
                     "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
                     "defined. Existing schema: " +
                     schema(found->type) + " New schema: " + schema(definition.type));
  }
}

/// The ceilings with the request's over them; -1, which removes one, still stands there.
engine::ThroughputLimits merge_on_demand(const Members& request, engine::BillingMode mode,
                                         engine::ThroughputLimits limits) {
  const auto wanted = read_on_demand(request, mode, true);
  if (wanted.read_units) limits.read_units = wanted.read_units;
  if (wanted.write_units) limits.write_units = wanted.write_units;
  return limits;
}

engine::ThroughputLimits without_removed(engine::ThroughputLimits limits) {
  if (limits.read_units == -1) limits.read_units.reset();
  if (limits.write_units == -1) limits.write_units.reset();
  return limits;
}

engine::Index* find_global(engine::Table& table, const std::string& name) {
  const auto found = std::ranges::find(table.indexes, name, &engine::Index::name);
  return found == table.indexes.end() ? nullptr : &*found;
}

void create_index(const Members& request, const IndexUpdate& update, engine::Table& table) {
  if (find_global(table, update.name) != nullptr) {
    throw_validation("Attempting to create an index which already exists");
  }
  const auto definitions = read_attribute_definitions(request);
  auto index = read_global_index(*update.create, definitions, table.billing_mode);
  merge_definitions(definitions, index, table);
  table.indexes.push_back(std::move(index));
}

void remove_index(const IndexUpdate& update, engine::Table& table) {
  const engine::Index* index = find_global(table, update.name);
  if (index == nullptr) core::throw_resource_not_found("Requested resource not found");
  if (!index->global) {
    throw_validation(std::string(kInvalid) +
                     "Cannot delete an index that is not a GlobalSecondaryIndex: " + update.name);
  }
  if (index->status == engine::TableStatus::kDeleting) {
    throw core::ApiError("ResourceInUseException",
                         "Attempt to change a resource which is still in use: Index is being deleted: " + update.name);
  }
  std::erase_if(table.indexes, [&](const engine::Index& each) { return each.name == update.name; });
}

void change_index(const IndexUpdate& update, engine::Table& table, std::int64_t now_ms) {
  engine::Index* index = find_global(table, update.name);
  if (index == nullptr || !index->global) {
    throw_validation(
        "This operation cannot be performed with given input values. Please contact DynamoDB service team for more "
        "info: "
        "Action Blocked: IndexUpdate");
  }
  if (const auto throughput = read_throughput(*update.update)) {
    if (table.billing_mode == engine::BillingMode::kPayPerRequest) {
      throw_validation(std::string(kInvalid) +
                       "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                       "PAY_PER_REQUEST");
    }
    check_throughput_changes(index->throughput, *throughput);
    change_throughput(index->throughput, *throughput, now_ms);
  }
  index->on_demand = without_removed(merge_on_demand(*update.update, table.billing_mode, index->on_demand));
  if (update.update->has("WarmThroughput")) index->warm = read_warm(*update.update);
}

/// Definitions that no key uses any more go with the index that used them.
void drop_unused_definitions(engine::Table& table) {
  std::erase_if(table.attribute_definitions, [&](const core::KeyAttribute& attribute) {
    if (table.key_schema.find(attribute.name) != nullptr) return false;
    return std::ranges::none_of(
        table.indexes, [&](const engine::Index& index) { return index.key_schema.find(attribute.name) != nullptr; });
  });
}

void update_indexes(const Members& request, const std::vector<IndexUpdate>& updates, engine::Table& table,
                    std::int64_t now_ms) {
  const auto online = std::ranges::count_if(
      updates, [](const IndexUpdate& update) { return update.create.has_value() || update.remove.has_value(); });
  if (online > 1 || updates.size() > 5) {
    throw core::ApiError("LimitExceededException",
                         "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
                         "table");
  }
  for (const auto& update : updates) {
    if (update.create) create_index(request, update, table);
    if (update.remove) remove_index(update, table);
    if (update.update) change_index(update, table, now_ms);
  }
  if (!updates.empty()) {
    check_indexes(table);
    drop_unused_definitions(table);
  }
}

void update_stream(Call& call, engine::Table& table) {
  const auto object = call.request.object("StreamSpecification");
  if (!object) return;
  const Members specification(*object);
  if (specification.flag("StreamEnabled") && !table.stream_view_type.empty()) {
    throw_validation("Table already has an enabled stream: TableName: " + table.name);
  }
  if (!specification.flag("StreamEnabled") && table.stream_view_type.empty()) {
    throw_validation("Table has no stream to disable: TableName: " + table.name);
  }
  apply_stream_specification(call, specification, table);
}

}  // namespace

void create_table(Call& call) {
  engine::Table table = read_table(call);
  write_description(call, "TableDescription", *call.engine().create_table(std::move(table)));
}

void describe_table(Call& call) {
  const std::string name(table_name(call.request));
  const engine::TablePtr table = call.engine().find_table(name);
  if (!table) core::throw_resource_not_found("Requested resource not found: Table: " + name + " not found");
  write_description(call, "Table", *table);
}

void delete_table(Call& call) {
  const engine::TablePtr table = call.engine().delete_table(table_name(call.request));
  ObjectWriter writer(call.reply);
  append_deleted_table_description(call, *table, writer.key("TableDescription"));
  writer.end();
}

void list_tables(Call& call) {
  const auto after = call.request.text("ExclusiveStartTableName").value_or(std::string_view{});
  const auto limit = static_cast<std::size_t>(
      call.request.integer("Limit").value_or(static_cast<std::int64_t>(core::kMaxListTablesLimit)));
  // One more than asked for tells whether there is a next page.
  auto names = call.engine().list_tables(after, limit + 1);
  const bool more = names.size() > limit;
  if (more) names.pop_back();
  ObjectWriter writer(call.reply);
  std::string& out = writer.key("TableNames");
  out += '[';
  for (const auto& name : names) {
    if (&name != names.data()) out += ',';
    json::append_string(name, out);
  }
  out += ']';
  if (more) writer.text("LastEvaluatedTableName", names.back());
  writer.end();
}

void update_table(Call& call) {
  const Members& request = call.request;
  const auto index_updates = read_index_updates(request);
  check_something_to_update(request, index_updates);
  if (request.text("BillingMode") == "PROVISIONED" && !request.has("ProvisionedThroughput")) {
    throw_validation(std::string(kInvalid) + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  for (const char* member : {"ReplicaUpdates", "MultiRegionConsistency"}) {
    if (!request.has(member)) continue;
    throw_validation(std::string(kInvalid) + member + " is not supported: this table lives in one place");
  }
  read_throughput(request);  // bounds come before the table's state
  const std::int64_t now_ms = call.engine().clock().now_ms();
  engine::ThroughputLimits on_demand;
  const auto changed = call.engine().update_table(table_name(request), [&](engine::Table& table) {
    update_billing(request, index_updates, table, now_ms);
    on_demand = merge_on_demand(request, table.billing_mode, table.on_demand);
    table.on_demand = without_removed(on_demand);
    if (request.has("WarmThroughput")) table.warm = read_warm(request);
    update_indexes(request, index_updates, table, now_ms);
    update_stream(call, table);
    if (const auto sse = request.object("SSESpecification")) apply_sse_specification(call, Members(*sse), table);
    if (const auto table_class = request.text("TableClass")) table.table_class = *table_class;
    table.deletion_protection = request.flag("DeletionProtectionEnabled", table.deletion_protection);
  });
  // The reply repeats a -1; later descriptions show no ceiling.
  engine::Table shown = *changed;
  shown.on_demand = on_demand;
  write_description(call, "TableDescription", shown);
}

}  // namespace stator::api
