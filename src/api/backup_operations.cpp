#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "api/backup_names.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/restore_request.h"
#include "api/table_description.h"
#include "api/time_text.h"
#include "api/vector_indexes.h"
#include "core/api_error.h"

/// CreateBackup, DescribeBackup, ListBackups, DeleteBackup, RestoreTableFromBackup. Source of the surprising rules: the
/// AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {
namespace {

using engine::BackupInfo;
using engine::BackupType;

std::string_view type_name(BackupType type) { return type == BackupType::kSystem ? "SYSTEM" : "USER"; }

/// Writes the members of BackupDetails, which summaries have, too. A backup is CREATING only in CreateBackup's reply.
void write_details(ObjectWriter& writer, const BackupInfo& backup, std::string_view arn, std::string_view status) {
  writer.text("BackupArn", arn);
  writer.text("BackupName", backup.name);
  writer.integer("BackupSizeBytes", static_cast<std::int64_t>(backup.counts.size_bytes));
  writer.text("BackupStatus", status);
  writer.text("BackupType", type_name(backup.type));
  writer.time("BackupCreationDateTime", backup.created_ms);
  if (backup.expires_ms != 0) writer.time("BackupExpiryDateTime", backup.expires_ms);
}

void append_units(const engine::Throughput& throughput, std::string& out) {
  ObjectWriter units(out);
  units.integer("ReadCapacityUnits", throughput.read_units);
  units.integer("WriteCapacityUnits", throughput.write_units);
  units.end();
}

void append_source_table(Call& call, const BackupInfo& backup, std::string& out) {
  const engine::Table& table = backup.table;
  ObjectWriter writer(out);
  writer.text("TableName", table.name);
  writer.text("TableId", table.id);
  writer.text("TableArn", table_arn(call.context, table.name));
  writer.integer("TableSizeBytes", static_cast<std::int64_t>(backup.counts.size_bytes));
  append_key_schema(table.key_schema, writer.key("KeySchema"));
  writer.time("TableCreationDateTime", table.created_ms);
  append_units(table.throughput, writer.key("ProvisionedThroughput"));
  write_on_demand(writer, table.on_demand);
  writer.integer("ItemCount", static_cast<std::int64_t>(backup.counts.items));
  writer.text("BillingMode", billing_mode_name(table.billing_mode));
  writer.end();
}

void write_indexes(ObjectWriter& writer, const engine::Table& table, std::string_view member) {
  std::optional<ArrayWriter> list;
  for (const engine::Index& index : table.indexes) {
    if (list_name(index) != member || index.status == engine::TableStatus::kDeleting) continue;
    if (!list) list.emplace(writer.key(member));
    ObjectWriter element(list->element());
    element.text("IndexName", index.name);
    if (index.vector) {
      write_vector_settings(element, *index.vector);
    } else {
      append_key_schema(index.key_schema, element.key("KeySchema"));
    }
    append_projection(index, element.key("Projection"));
    if (index.global) append_units(index.throughput, element.key("ProvisionedThroughput"));
    element.end();
  }
  if (list) list->end();
}

/// Appends SourceTableFeatureDetails: indexes, stream and so on; empty for system backups.
void append_source_features(const BackupInfo& backup, std::string& out) {
  const engine::Table& table = backup.table;
  ObjectWriter writer(out);
  if (backup.type == BackupType::kUser) {
    for (const std::string_view member : kIndexLists) write_indexes(writer, table, member);
    write_stream_specification(writer, "StreamDescription", table);
    if (!table.ttl_attribute.empty()) {
      ObjectWriter ttl(writer.key("TimeToLiveDescription"));
      ttl.text("TimeToLiveStatus", "ENABLED");
      ttl.text("AttributeName", table.ttl_attribute);
      ttl.end();
    }
    write_encryption(writer, table, false);
  }
  writer.end();
}

void append_description(Call& call, const BackupInfo& backup, std::string_view arn, std::string_view status) {
  ObjectWriter writer(call.reply);
  ObjectWriter description(writer.key("BackupDescription"));
  ObjectWriter details(description.key("BackupDetails"));
  write_details(details, backup, arn, status);
  details.end();
  append_source_table(call, backup, description.key("SourceTableDetails"));
  append_source_features(backup, description.key("SourceTableFeatureDetails"));
  description.end();
  writer.end();
}

/// The filters of ListBackups.
struct Wanted {
  std::string_view table;  // empty: any
  bool user = true;
  bool system = false;
  std::int64_t from_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();  // excluded
  std::string_view after;                                         // id

  [[nodiscard]] bool operator()(const engine::BackupPtr& backup) const {
    const bool type = backup->type == BackupType::kUser ? user : system;
    return type && (table.empty() || backup->table.name == table) && backup->created_ms >= from_ms &&
           backup->created_ms < to_ms && backup->id > after;
  }
};

Wanted read_wanted(Call& call) {
  const Members& request = call.request;
  Wanted wanted;
  wanted.table = table_name(request);
  const std::string_view type = request.text("BackupType").value_or("USER");
  wanted.user = type == "USER" || type == "ALL";
  wanted.system = type == "SYSTEM" || type == "ALL";
  if (const auto from = request.time_ms("TimeRangeLowerBound")) wanted.from_ms = *from;
  if (const auto to = request.time_ms("TimeRangeUpperBound")) wanted.to_ms = *to;
  if (wanted.from_ms > wanted.to_ms) {
    core::throw_invalid_parameters("Time range lower bound must be less than or equal to upper bound");
  }
  if (const auto arn = request.text("ExclusiveStartBackupArn")) {
    const BackupName name = read_backup_arn(call.context, *arn);
    if (!is_own_region(call.context, name.region)) {
      core::throw_validation("Invalid Request: The supplied ExclusiveStartBackupArn does not match the region");
    }
    wanted.after = name.id;
  }
  return wanted;
}

}  // namespace

void create_backup(Call& call) {
  const engine::BackupPtr backup =
      call.engine().create_backup(table_name(call.request), call.request.required_text("BackupName"));
  ObjectWriter writer(call.reply);
  ObjectWriter details(writer.key("BackupDetails"));
  write_details(details, *backup, backup_arn(call.context, backup->table.name, backup->id), "CREATING");
  details.end();
  writer.end();
}

void describe_backup(Call& call) {
  const std::string_view arn = call.request.required_text("BackupArn");
  append_description(call, *find_backup(call, arn), arn, "AVAILABLE");
}

void delete_backup(Call& call) {
  const std::string_view arn = call.request.required_text("BackupArn");
  const engine::BackupPtr backup = find_backup(call, arn);
  if (backup->type == BackupType::kSystem) {
    core::throw_validation("Invalid Request: User is not allowed to delete the system backup with arn " +
                           std::string(arn) + ". It will automatically expire on " + time_text(backup->expires_ms));
  }
  append_description(call, *call.engine().delete_backup(backup->id, arn), arn, "DELETED");
}

void list_backups(Call& call) {
  constexpr std::int64_t kMostBackups = 100;
  const Wanted wanted = read_wanted(call);
  const auto limit = static_cast<std::size_t>(call.request.integer("Limit").value_or(kMostBackups));
  ObjectWriter writer(call.reply);
  ArrayWriter list(writer.key("BackupSummaries"));
  std::size_t count = 0;
  std::string last_arn;
  bool more = false;
  for (const engine::BackupPtr& backup : call.engine().list_backups()) {
    if (!wanted(backup)) continue;
    more = count == limit;
    if (more) break;
    ++count;
    last_arn = backup_arn(call.context, backup->table.name, backup->id);
    ObjectWriter summary(list.element());
    summary.text("TableName", backup->table.name);
    summary.text("TableId", backup->table.id);
    summary.text("TableArn", table_arn(call.context, backup->table.name));
    write_details(summary, *backup, last_arn, "AVAILABLE");
    summary.end();
  }
  list.end();
  if (more) writer.text("LastEvaluatedBackupArn", last_arn);
  writer.end();
}

void restore_table_from_backup(Call& call) {
  const std::string_view arn = call.request.required_text("BackupArn");
  const BackupName name = read_backup_arn(call.context, arn);
  const engine::BackupPtr backup = find_backup(call, arn);
  check_restore_region(call, name.region);
  engine::Table target = read_restored_table(call, backup->table);
  check_restore_target(call);
  const engine::TablePtr table = call.engine().restore_backup(backup->id, arn, std::move(target));
  ObjectWriter writer(call.reply);
  append_table_description(call, *table, writer.key("TableDescription"));
  writer.end();
}

}  // namespace stator::api
