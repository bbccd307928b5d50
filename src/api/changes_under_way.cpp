#include "api/changes_under_way.h"

#include <algorithm>
#include <string>

#include "core/api_error.h"
#include "engine/table_changes.h"

namespace stator::api {
namespace {

[[noreturn]] void refuse(const engine::Table& table, const std::string& why) {
  // For members of a global table the service gives no details.
  if (!table.replicas.empty()) {
    throw core::ApiError(core::ErrorCode::kResourceInUse, "The resource which you are attempting to change is in use.");
  }
  engine::throw_still_in_use(why);
}

/// The beginning of the message that refuses a change while the stream or the table class is changing; null if there is
/// none.
const char* wanted_name(const WantedChanges& wanted) {
  if (wanted.throughput) return "Can't change table IOPS";
  if (wanted.stream) return "Can't change stream status";
  if (wanted.table_class) return "Can't update table class";
  return wanted.indexes ? "Can't create or delete an index" : nullptr;
}

void check_beside_stream(const WantedChanges& wanted, const engine::Table& table) {
  const std::string stream =
      " Stream: " + table.stream_label + " Operation: " + (table.stream_view_type.empty() ? "DISABLE" : "ENABLE");
  const std::string which = ". Table: " + table.name + stream;
  if (wanted.stream) refuse(table, "A stream status change is currently in progress" + which);
  if (const char* const name = wanted_name(wanted)) {
    refuse(table, std::string(name) + " when stream status is being updated" + which);
  }
  if (wanted.on_demand) {
    refuse(table, "OnDemandThroughput cannot be updated while stream status update is in progress." + stream);
  }
}

void check_beside_table_class(const WantedChanges& wanted, const engine::Table& table) {
  const std::string table_class =
      " TableClassUpdateInProgress: " + (table.table_class.empty() ? "STANDARD" : table.table_class);
  if (const char* const name = wanted_name(wanted)) {
    refuse(table, std::string(name) + " when a table class update is in progress. Table: " + table.name + table_class);
  }
  if (wanted.on_demand) {
    refuse(table, "OnDemandThroughput cannot be updated while TableClass update is in progress." + table_class);
  }
}

void check_beside_throughput(const WantedChanges& wanted, const engine::Table& table) {
  const std::string which = " table IOPS are being updated. Table: " + table.name;
  if (wanted.throughput) refuse(table, "Table IOPS are currently being updated. Table: " + table.name);
  if (wanted.stream) refuse(table, "Can't enable or disable stream while" + which);
  if (wanted.table_class) refuse(table, "Can't update table class while" + which);
  if (wanted.indexes) refuse(table, "Can't create or delete indexes while" + which);
  const bool switches = table.before != nullptr && table.before->billing_mode != table.billing_mode;
  if (wanted.on_demand && switches && table.billing_mode == engine::BillingMode::kProvisioned) {
    refuse(table, "OnDemandThroughput cannot be updated while BillingMode update is in progress");
  }
}

void check_beside_indexes(const WantedChanges& wanted, const engine::Table& table) {
  std::string names;
  const char* doing = nullptr;
  const char* noun = nullptr;
  for (const engine::Index& index : table.indexes) {
    const bool creating = index.status == engine::TableStatus::kCreating;
    if (!creating && index.status != engine::TableStatus::kDeleting) continue;
    names += (names.empty() ? "" : ", ") + index.name;
    doing = creating ? "created" : "deleted";
    noun = creating ? "creation" : "deletion";
  }
  if (names.empty()) return;
  if (wanted.throughput) {
    refuse(table, "Can't change table IOPS when an index is being " + std::string(doing) + ". Table: " + table.name +
                      " Indexes: [" + names + "]");
  }
  if (wanted.stream) refuse(table, "Can't change stream status when an index is being " + std::string(doing));
  if (wanted.on_demand) {
    refuse(table, "OnDemandThroughput cannot be updated while index " + std::string(noun) +
                      " is in progress for indexes: [" + names + "]");
  }
}

}  // namespace

void check_changes_under_way(const WantedChanges& wanted, const engine::Table& table) {
  check_beside_indexes(wanted, table);
  if (table.status != engine::TableStatus::kUpdating) return;
  const engine::Table& before = table.before == nullptr ? table : *table.before;
  const bool stream = before.stream_view_type != table.stream_view_type;
  const bool table_class = before.table_class != table.table_class;
  const bool indexes = std::ranges::any_of(
      table.indexes, [](const auto& index) { return index.status != engine::TableStatus::kActive; });
  const bool units = before.throughput.read_units != table.throughput.read_units ||
                     before.throughput.write_units != table.throughput.write_units;
  // After a restart it is unknown why the table is UPDATING.
  const bool unknown = !stream && !table_class && !indexes;
  if (stream) check_beside_stream(wanted, table);
  if (table_class) check_beside_table_class(wanted, table);
  if (units || before.billing_mode != table.billing_mode || unknown) check_beside_throughput(wanted, table);
  if (wanted.replicas && !indexes) refuse(table, "Table IOPS are currently being updated. Table: " + table.name);
}

}  // namespace stator::api
