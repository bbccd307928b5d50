#include "api/table_description.h"

#include "api/reply.h"
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

std::string_view billing_mode_name(engine::BillingMode mode) {
  return mode == engine::BillingMode::kPayPerRequest ? "PAY_PER_REQUEST" : "PROVISIONED";
}

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

namespace {

void append_key_schema(const core::KeySchema& schema, std::string& out) {
  out += '[';
  bool first = true;
  const auto append = [&](const core::KeyAttribute& attribute, std::string_view key_type) {
    if (!first) out += ',';
    first = false;
    ObjectWriter element(out);
    element.text("AttributeName", attribute.name);
    element.text("KeyType", key_type);
    element.end();
  };
  for (const auto& attribute : schema.hash) append(attribute, "HASH");
  for (const auto& attribute : schema.range) append(attribute, "RANGE");
  out += ']';
}

void append_throughput(const engine::Throughput& throughput, std::string& out) {
  ObjectWriter writer(out);
  if (throughput.last_increase_ms != 0) writer.time("LastIncreaseDateTime", throughput.last_increase_ms);
  if (throughput.last_decrease_ms != 0) writer.time("LastDecreaseDateTime", throughput.last_decrease_ms);
  writer.integer("NumberOfDecreasesToday", throughput.decreases_today);
  writer.integer("ReadCapacityUnits", throughput.read_units);
  writer.integer("WriteCapacityUnits", throughput.write_units);
  writer.end();
}

void append_projection(const engine::Index& index, std::string& out) {
  ObjectWriter writer(out);
  writer.text("ProjectionType", projection_name(index.projection));
  if (index.projection == engine::ProjectionType::kInclude) {
    std::string& list = writer.key("NonKeyAttributes");
    list += '[';
    for (const auto& name : index.non_key_attributes) {
      if (&name != index.non_key_attributes.data()) list += ',';
      json::append_string(name, list);
    }
    list += ']';
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

/// What the service keeps warm without being asked: its documented floor for on-demand tables, else the provisioned
/// units.
void write_warm(ObjectWriter& writer, const engine::ThroughputLimits& warm, engine::BillingMode mode,
                const engine::Throughput& throughput, engine::TableStatus status) {
  constexpr std::int64_t kOnDemandReadUnits = 12000;
  constexpr std::int64_t kOnDemandWriteUnits = 4000;
  const bool on_demand = mode == engine::BillingMode::kPayPerRequest;
  ObjectWriter inner(writer.key("WarmThroughput"));
  inner.integer("ReadUnitsPerSecond", warm.read_units.value_or(on_demand ? kOnDemandReadUnits : throughput.read_units));
  inner.text("Status", status == engine::TableStatus::kActive ? "ACTIVE" : "UPDATING");
  inner.integer("WriteUnitsPerSecond",
                warm.write_units.value_or(on_demand ? kOnDemandWriteUnits : throughput.write_units));
  inner.end();
}

void append_index(Call& call, const engine::Table& table, const engine::Index& index, const engine::Counts& counts,
                  std::string& out) {
  ObjectWriter writer(out);
  writer.text("IndexName", index.name);
  append_key_schema(index.key_schema, writer.key("KeySchema"));
  append_projection(index, writer.key("Projection"));
  if (index.global) {
    // A table under construction takes its indexes with it.
    const bool creating = table.status == engine::TableStatus::kCreating;
    const auto status = creating ? engine::TableStatus::kCreating : index.status;
    writer.text("IndexStatus", status_name(status));
    if (index.backfilling) writer.flag("Backfilling", true);
    append_throughput(index.throughput, writer.key("ProvisionedThroughput"));
    write_on_demand(writer, index.on_demand);
    write_warm(writer, index.warm, table.billing_mode, index.throughput, status);
  }
  writer.integer("IndexSizeBytes", static_cast<std::int64_t>(counts.size_bytes));
  writer.integer("ItemCount", static_cast<std::int64_t>(counts.items));
  writer.text("IndexArn", index_arn(call.context, table.name, index.name));
  writer.end();
}

void write_indexes(Call& call, ObjectWriter& writer, const engine::Table& table, const engine::TableCounts& counts,
                   bool global) {
  bool first = true;
  for (std::size_t i = 0; i < table.indexes.size(); ++i) {
    const auto& index = table.indexes[i];
    if (index.global != global) continue;
    std::string& out = first ? writer.key(global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes") : writer.out();
    out += first ? '[' : ',';
    first = false;
    append_index(call, table, index, i < counts.indexes.size() ? counts.indexes[i] : engine::Counts{}, out);
  }
  if (!first) writer.out() += ']';
}

void write_attribute_definitions(ObjectWriter& writer, const engine::Table& table) {
  std::string& definitions = writer.key("AttributeDefinitions");
  definitions += '[';
  for (const auto& attribute : table.attribute_definitions) {
    if (&attribute != table.attribute_definitions.data()) definitions += ',';
    ObjectWriter element(definitions);
    element.text("AttributeName", attribute.name);
    element.text("AttributeType", core::type_name(attribute.type));
    element.end();
  }
  definitions += ']';
}

void append_description(Call& call, const engine::Table& table, bool with_schema, std::string& out) {
  const engine::TableCounts counts = call.engine().counts(table);
  ObjectWriter writer(out);
  if (with_schema) write_attribute_definitions(writer, table);
  writer.text("TableName", table.name);
  if (with_schema) append_key_schema(table.key_schema, writer.key("KeySchema"));
  writer.text("TableStatus", status_name(table.status));
  if (with_schema) writer.time("CreationDateTime", table.created_ms);
  append_throughput(table.throughput, writer.key("ProvisionedThroughput"));
  writer.integer("TableSizeBytes", static_cast<std::int64_t>(counts.table.size_bytes));
  writer.integer("ItemCount", static_cast<std::int64_t>(counts.table.items));
  writer.text("TableArn", table_arn(call.context, table.name));
  writer.text("TableId", table.id);
  if (table.billing_mode == engine::BillingMode::kPayPerRequest || table.last_pay_per_request_ms != 0) {
    ObjectWriter summary(writer.key("BillingModeSummary"));
    summary.text("BillingMode", billing_mode_name(table.billing_mode));
    if (table.last_pay_per_request_ms != 0) {
      summary.time("LastUpdateToPayPerRequestDateTime", table.last_pay_per_request_ms);
    }
    summary.end();
  }
  if (with_schema) {
    write_indexes(call, writer, table, counts, false);
    write_indexes(call, writer, table, counts, true);
  }
  if (!table.stream_view_type.empty()) {
    ObjectWriter stream(writer.key("StreamSpecification"));
    stream.flag("StreamEnabled", true);
    stream.text("StreamViewType", table.stream_view_type);
    stream.end();
  }
  if (!table.stream_label.empty()) {
    writer.text("LatestStreamLabel", table.stream_label);
    writer.text("LatestStreamArn", table_arn(call.context, table.name) + "/stream/" + table.stream_label);
  }
  if (table.sse_enabled) {
    ObjectWriter sse(writer.key("SSEDescription"));
    sse.text("Status", "ENABLED");
    sse.text("SSEType", "KMS");
    sse.text("KMSMasterKeyArn", table.sse_kms_key);
    sse.end();
  }
  if (!table.table_class.empty()) {
    ObjectWriter summary(writer.key("TableClassSummary"));
    summary.text("TableClass", table.table_class);
    summary.end();
  }
  writer.flag("DeletionProtectionEnabled", table.deletion_protection);
  write_on_demand(writer, table.on_demand);
  write_warm(writer, table.warm, table.billing_mode, table.throughput, table.status);
  writer.end();
}

}  // namespace

void append_table_description(Call& call, const engine::Table& table, std::string& out) {
  append_description(call, table, true, out);
}

void append_deleted_table_description(Call& call, const engine::Table& table, std::string& out) {
  append_description(call, table, false, out);
}

}  // namespace stator::api
