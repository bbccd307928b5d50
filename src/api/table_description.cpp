#include "api/table_description.h"

#include <algorithm>
#include <utility>

#include "api/backup_names.h"
#include "api/encryption_key.h"
#include "api/throughput.h"
#include "api/vector_indexes.h"
#include "engine/import/import_info.h"
#include "engine/metering.h"
#include "engine/table_changes.h"
#include "json/writer.h"

namespace stator::api {

std::string_view status_name(engine::TableStatus status) {
  switch (status) {
    case engine::TableStatus::kCreating:
      return "CREATING";
    case engine::TableStatus::kUpdating:
      return "UPDATING";
    case engine::TableStatus::kDeleting:
      return "DELETING";
    case engine::TableStatus::kActive:
      break;
  }
  return "ACTIVE";
}

std::string_view list_name(const engine::Index& index) {
  return kIndexLists.at(index.vector ? 2 : index.global ? 1 : 0);
}

std::string_view billing_mode_name(engine::BillingMode mode) {
  return mode == engine::BillingMode::kPayPerRequest ? "PAY_PER_REQUEST" : "PROVISIONED";
}

void append_key_schema(const core::KeySchema& schema, std::string& out) {
  ArrayWriter elements(out);
  const auto append = [&](const core::KeyAttribute& attribute, std::string_view key_type) {
    ObjectWriter element(elements.element());
    element.text("AttributeName", attribute.name);
    element.text("KeyType", key_type);
    element.end();
  };
  for (const auto& attribute : schema.hash) append(attribute, "HASH");
  for (const auto& attribute : schema.range) append(attribute, "RANGE");
  elements.end();
}

namespace {

std::string_view projection_name(engine::ProjectionType type) {
  switch (type) {
    case engine::ProjectionType::kKeysOnly:
      return "KEYS_ONLY";
    case engine::ProjectionType::kInclude:
      return "INCLUDE";
    case engine::ProjectionType::kAll:
      break;
  }
  return "ALL";
}

}  // namespace

void append_projection(const engine::Index& index, std::string& out) {
  ObjectWriter writer(out);
  writer.text("ProjectionType", projection_name(index.projection));
  if (index.projection == engine::ProjectionType::kInclude) {
    ArrayWriter list(writer.key("NonKeyAttributes"));
    auto names = index.non_key_attributes;
    std::ranges::sort(names);
    for (const auto& name : names) json::append_string(name, list.element());
    list.end();
  }
  writer.end();
}

void write_on_demand(ObjectWriter& writer, const engine::ThroughputLimits& limits) {
  if (!limits.read_units && !limits.write_units) return;
  ObjectWriter inner(writer.key("OnDemandThroughput"));
  if (limits.read_units) inner.integer("MaxReadRequestUnits", *limits.read_units);
  if (limits.write_units) inner.integer("MaxWriteRequestUnits", *limits.write_units);
  inner.end();
}

void write_encryption(ObjectWriter& writer, const engine::Table& table, bool changes) {
  if (!table.sse_enabled && !changes) return;
  ObjectWriter sse(writer.key("SSEDescription"));
  sse.text("Status", changes ? "UPDATING" : "ENABLED");
  if (table.sse_enabled) {
    sse.text("SSEType", "KMS");
    sse.text("KMSMasterKeyArn", shown_key(table.sse_kms_key));
  }
  sse.end();
}

void write_stream_specification(ObjectWriter& writer, std::string_view name, const engine::Table& table) {
  if (table.stream_view_type.empty()) return;
  ObjectWriter stream(writer.key(name));
  stream.flag("StreamEnabled", true);
  stream.text("StreamViewType", table.stream_view_type);
  stream.end();
}

namespace {

/// The variants of the description.
struct Style {
  bool with_schema = true;            // with keys, indexes, creation time and warm units; not in DeleteTable's reply
  bool created = false;               // CreateTable's reply
  bool billing_mode_changes = false;  // UpdateTable's reply
};

void append_throughput(const engine::Throughput& throughput, std::int64_t now_ms, std::string& out) {
  ObjectWriter writer(out);
  if (throughput.last_increase_ms != 0) writer.time("LastIncreaseDateTime", throughput.last_increase_ms);
  if (throughput.last_decrease_ms != 0) writer.time("LastDecreaseDateTime", throughput.last_decrease_ms);
  writer.integer("NumberOfDecreasesToday", decreases_today(throughput, now_ms));
  writer.integer("ReadCapacityUnits", throughput.read_units);
  writer.integer("WriteCapacityUnits", throughput.write_units);
  writer.end();
}

void write_warm(ObjectWriter& writer, const engine::ThroughputLimits& units, bool changes) {
  ObjectWriter inner(writer.key("WarmThroughput"));
  inner.integer("ReadUnitsPerSecond", units.read_units.value_or(0));
  inner.text("Status", changes ? "UPDATING" : "ACTIVE");
  inner.integer("WriteUnitsPerSecond", units.write_units.value_or(0));
  inner.end();
}

void write_table_class(ObjectWriter& writer, std::string_view name, std::string_view table_class,
                       std::int64_t changed_ms) {
  ObjectWriter summary(writer.key(name));
  summary.text("TableClass", table_class);
  if (changed_ms != 0) summary.time("LastUpdateDateTime", changed_ms);
  summary.end();
}

/// Whether the table is being restored; an import does not count, as descriptions do not show it.
bool is_being_restored(const engine::Table& table) { return table.restore && !engine::is_import(*table.restore); }

void write_vector_status(ObjectWriter& writer, const engine::Table& table, const engine::Index& index) {
  if (is_being_restored(table)) return;
  const bool creating = table.status == engine::TableStatus::kCreating;
  writer.text("IndexStatus", status_name(creating ? engine::TableStatus::kCreating : index.status));
  if (creating || index.status != engine::TableStatus::kCreating) return;
  writer.flag("Backfilling", !is_allocating(table, index));
}

void append_index(Call& call, const engine::Table& table, const engine::Index& index, const engine::Counts& counts,
                  const Style& style, std::string& out) {
  ObjectWriter writer(out);
  writer.text("IndexName", index.name);
  if (index.vector) {
    write_vector_settings(writer, *index.vector);
  } else {
    append_key_schema(index.key_schema, writer.key("KeySchema"));
  }
  append_projection(index, writer.key("Projection"));
  if (index.vector) write_vector_status(writer, table, index);
  if (index.global) {
    // While a table is being created, its indexes are CREATING, too.
    const bool creating = table.status == engine::TableStatus::kCreating;
    const auto status = creating ? engine::TableStatus::kCreating : index.status;
    // Indexes of a table that is being restored have no status.
    if (!is_being_restored(table)) writer.text("IndexStatus", status_name(status));
    // Backfilling is shown only for an index that was added later, while it is being built.
    if (!creating && status == engine::TableStatus::kCreating) writer.flag("Backfilling", index.backfilling);
    append_throughput(index.throughput, call.engine().clock().now_ms(), writer.key("ProvisionedThroughput"));
    write_on_demand(writer, index.on_demand);
    if (!style.created) {
      write_warm(writer, engine::effective_warm(index.warm, table.billing_mode, index.throughput),
                 status == engine::TableStatus::kCreating || index.warm_until_ms != 0);
    }
  }
  writer.integer("IndexSizeBytes", static_cast<std::int64_t>(counts.size_bytes));
  writer.integer("ItemCount", static_cast<std::int64_t>(counts.items));
  writer.text("IndexArn", index_arn(call.context, table.name, index.name));
  writer.end();
}

void write_indexes(Call& call, ObjectWriter& writer, const engine::Table& table, const engine::TableCounts& counts,
                   std::string_view member, const Style& style) {
  std::optional<ArrayWriter> list;
  for (std::size_t i = 0; i < table.indexes.size(); ++i) {
    const auto& index = table.indexes[i];
    if (list_name(index) != member) continue;
    if (!list) list.emplace(writer.key(member));
    append_index(call, table, index, i < counts.indexes.size() ? counts.indexes[i] : engine::Counts{}, style,
                 list->element());
  }
  if (list) list->end();
}

void write_attribute_definitions(ObjectWriter& writer, const engine::Table& table) {
  ArrayWriter definitions(writer.key("AttributeDefinitions"));
  auto attributes = table.attribute_definitions;
  std::ranges::sort(attributes, {}, &core::KeyAttribute::name);
  for (const auto& attribute : attributes) {
    ObjectWriter element(definitions.element());
    element.text("AttributeName", attribute.name);
    element.text("AttributeType", core::type_name(attribute.type));
    element.end();
  }
  definitions.end();
}

std::string_view settings_replication(const engine::Table& table) {
  return table.settings_replication.empty() ? "ENABLED_WITH_OVERRIDES" : std::string_view(table.settings_replication);
}

void write_overrides(ObjectWriter& writer, const std::optional<std::int64_t>& read_units,
                     const std::optional<std::int64_t>& max_read_units, engine::BillingMode mode) {
  const auto write = [&writer](std::string_view name, std::string_view member, std::int64_t units) {
    ObjectWriter inner(writer.key(name));
    inner.integer(member, units);
    inner.end();
  };
  if (mode == engine::BillingMode::kProvisioned) {
    if (read_units) write("ProvisionedThroughputOverride", "ReadCapacityUnits", *read_units);
  } else if (max_read_units) {
    write("OnDemandThroughputOverride", "MaxReadRequestUnits", *max_read_units);
  }
}

void write_replica_indexes(ObjectWriter& writer, const engine::Table& table, const engine::Replica& replica) {
  std::optional<ArrayWriter> list;
  for (const engine::Index& index : table.indexes) {
    if (!index.global) continue;
    if (!list) list.emplace(writer.key("GlobalSecondaryIndexes"));
    ObjectWriter entry(list->element());
    entry.text("IndexName", index.name);
    const auto own = std::ranges::find(replica.indexes, index.name, &engine::ReplicaIndex::name);
    if (own != replica.indexes.end()) {
      write_overrides(entry, own->read_units, own->max_read_units, table.billing_mode);
    }
    write_warm(entry, engine::effective_warm(index.warm, table.billing_mode, index.throughput), false);
    entry.end();
  }
  if (list) list->end();
}

/// Writes the other regions of a table with replicas. Source: the AWS controller for Kubernetes' measurements, October
/// 2026.
void write_replicas(ObjectWriter& writer, const engine::Table& table) {
  if (table.replicas.empty()) {
    if (!table.settings_replication.empty()) {
      writer.text("GlobalTableSettingsReplicationMode", table.settings_replication);
    }
    return;
  }
  writer.text("GlobalTableVersion", "2019.11.21");
  ArrayWriter list(writer.key("Replicas"));
  for (const engine::Replica& replica : table.replicas) {
    if (replica.region == table.home_region) continue;
    ObjectWriter entry(list.element());
    entry.text("RegionName", replica.region);
    entry.text("ReplicaStatus", status_name(replica.status));
    if (table.sse_enabled) entry.text("KMSMasterKeyId", shown_key(replica.settings.sse_kms_key));
    write_overrides(entry, replica.read_units, replica.max_read_units, table.billing_mode);
    write_warm(entry, engine::effective_warm(table.warm, table.billing_mode, table.throughput), false);
    write_replica_indexes(entry, table, replica);
    if (!replica.settings.table_class.empty())
      write_table_class(entry, "ReplicaTableClassSummary", replica.settings.table_class,
                        replica.settings.table_class_ms);
    entry.text("GlobalTableSettingsReplicationMode", settings_replication(table));
    entry.end();
  }
  list.end();
  if (table.strongly_consistent) writer.text("MultiRegionConsistency", "STRONG");
  if (table.witness) {
    ArrayWriter witnesses(writer.key("GlobalTableWitnesses"));
    ObjectWriter witness(witnesses.element());
    witness.text("RegionName", table.witness->region);
    witness.text("WitnessStatus", status_name(table.witness->status));
    witness.end();
    witnesses.end();
  }
  writer.text("GlobalTableSettingsReplicationMode", settings_replication(table));
  const engine::Replica* const own = table.replica(table.home_region);
  if (own != nullptr && !table.strongly_consistent) {
    writer.flag("DisassociationProtectionEnabled", own->disassociation_protection);
  }
}

void write_restore(Call& call, ObjectWriter& writer, const engine::RestoreOrigin& origin) {
  ObjectWriter summary(writer.key("RestoreSummary"));
  if (!origin.backup_id.empty()) {
    summary.text("SourceBackupArn", backup_arn(call.context, origin.source_table, origin.backup_id));
  }
  summary.text("SourceTableArn", table_arn(call.context, origin.source_table));
  summary.time("RestoreDateTime", origin.time_ms);
  summary.flag("RestoreInProgress", true);
  summary.end();
}

/// Shows units and the number of decreases from before the change, as descriptions do until it is done.
void show_units_before(engine::Throughput& shown, const engine::Throughput& before, std::int64_t now_ms) {
  shown.read_units = before.read_units;
  shown.write_units = before.write_units;
  shown.decreases_today = decreases_today(before, now_ms);
}

/// The table with many settings as they were before the changes that are under way.
engine::Table as_shown(const engine::Table& table, std::int64_t now_ms) {
  const engine::Table before = engine::before_changes(table);
  engine::Table shown = table;
  const bool switched = shown.billing_mode != before.billing_mode;
  if (!switched) show_units_before(shown.throughput, before.throughput, now_ms);
  for (engine::Index& index : shown.indexes) {
    const engine::Index* const old = before.index(index.name);
    if (old == nullptr || switched) continue;
    show_units_before(index.throughput, old->throughput, now_ms);
    index.warm = engine::effective_warm(old->warm, before.billing_mode, old->throughput);
  }
  shown.warm = engine::effective_warm(before.warm, before.billing_mode, before.throughput);
  shown.last_pay_per_request_ms = before.last_pay_per_request_ms;
  shown.sse_enabled = before.sse_enabled;
  shown.sse_kms_key = before.sse_kms_key;
  shown.table_class = before.table_class;
  shown.table_class_ms = before.table_class_ms;
  return shown;
}

void append_description(Call& call, const engine::Table& described, const Style& style, std::string& out) {
  const std::int64_t now_ms = call.engine().clock().now_ms();
  const engine::Table table = described.before == nullptr ? described : as_shown(described, now_ms);
  const engine::TableCounts counts = call.engine().counts(table);
  ObjectWriter writer(out);
  if (style.with_schema) write_attribute_definitions(writer, table);
  writer.text("TableName", table.name);
  if (style.with_schema) append_key_schema(table.key_schema, writer.key("KeySchema"));
  writer.text("TableStatus", status_name(table.status));
  if (style.with_schema) writer.time("CreationDateTime", table.created_ms);
  append_throughput(table.throughput, now_ms, writer.key("ProvisionedThroughput"));
  writer.integer("TableSizeBytes", static_cast<std::int64_t>(counts.table.size_bytes));
  writer.integer("ItemCount", static_cast<std::int64_t>(counts.table.items));
  writer.text("TableArn", table_arn(call.context, table.name));
  writer.text("TableId", table.id);
  // A table with replicas and provisioned capacity has no summary, whatever its billing mode was before.
  const bool was_on_demand = table.last_pay_per_request_ms != 0 && table.replicas.empty();
  if (table.billing_mode == engine::BillingMode::kPayPerRequest || was_on_demand) {
    const bool switched = table.last_pay_per_request_ms != 0 && !style.created && !style.billing_mode_changes;
    // Written under two names, as the service is changing from one to the other.
    for (const auto& [member, mode] : {std::pair("BillingModeSummary", "BillingMode"),
                                       std::pair("TableThroughputModeSummary", "TableThroughputMode")}) {
      ObjectWriter summary(writer.key(member));
      summary.text(mode, billing_mode_name(table.billing_mode));
      if (switched) summary.time("LastUpdateToPayPerRequestDateTime", table.last_pay_per_request_ms);
      summary.end();
    }
  }
  if (style.with_schema) {
    for (const std::string_view member : kIndexLists) write_indexes(call, writer, table, counts, member, style);
  }
  write_stream_specification(writer, "StreamSpecification", table);
  if (!table.stream_label.empty()) {
    writer.text("LatestStreamLabel", table.stream_label);
    writer.text("LatestStreamArn", table_arn(call.context, table.name) + "/stream/" + table.stream_label);
  }
  if (is_being_restored(table)) write_restore(call, writer, *table.restore);
  write_encryption(writer, table, table.encryption_until_ms != 0);
  if (!table.table_class.empty()) {
    write_table_class(writer, "TableClassSummary", table.table_class, table.table_class_ms);
  }
  write_replicas(writer, table);
  writer.flag("DeletionProtectionEnabled", table.deletion_protection);
  write_on_demand(writer, table.on_demand);
  if (style.with_schema && (!style.created || table.warm != engine::ThroughputLimits{})) {
    const bool creating = table.status == engine::TableStatus::kCreating;
    // While a change is under way, shows the units from before, which may be less than the new billing mode starts
    // with.
    const bool before = described.before != nullptr;
    write_warm(writer, before ? table.warm : engine::effective_warm(table.warm, table.billing_mode, table.throughput),
               creating || table.warm_until_ms != 0);
  }
  writer.end();
}

}  // namespace

void append_table_description(Call& call, const engine::Table& table, std::string& out) {
  append_description(call, table, Style{}, out);
}

void append_created_table_description(Call& call, const engine::Table& table, std::string& out) {
  append_description(call, table, Style{.created = true}, out);
}

void append_updated_table_description(Call& call, const engine::Table& table, bool billing_mode_changes,
                                      std::string& out) {
  append_description(call, table, Style{.billing_mode_changes = billing_mode_changes}, out);
}

void append_deleted_table_description(Call& call, const engine::Table& table, std::string& out) {
  append_description(call, table, Style{.with_schema = false}, out);
}

}  // namespace stator::api
