#include <algorithm>
#include <array>

#include "api/changes_under_way.h"
#include "api/encryption_key.h"
#include "api/index_updates.h"
#include "api/operations.h"
#include "api/regions.h"
#include "api/replica_updates.h"
#include "api/reply.h"
#include "api/table_description.h"
#include "api/table_request.h"
#include "api/throughput.h"
#include "core/api_error.h"
#include "engine/import/bulk_puts.h"
#include "engine/table_changes.h"

/// UpdateTable. A request makes one change. Which members may be combined was measured on the service in October 2026
/// (docs/compatibility.md, "UpdateTable").
namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;

namespace {

/// The members of the request.
struct Update {
  explicit Update(const Members& members)
      : request(members),
        indexes(read_index_updates(members)),
        creates_index(indexes.creates()),
        deletes_index(indexes.removes()),
        throughput(members.has("ProvisionedThroughput")),
        billing_mode(billing_mode_member(members)),
        stream(members.has("StreamSpecification")),
        encryption(members.has("SSESpecification")),
        table_class(members.has("TableClass")),
        protection(members.has("DeletionProtectionEnabled")),
        warm(members.has_members("WarmThroughput")),
        on_demand(members.has_members("OnDemandThroughput")),
        replicas(members.has("ReplicaUpdates")),
        settings_replication(members.has("GlobalTableSettingsReplicationMode")),
        disassociation(members.has("DisassociationProtectionEnabled")) {}

  /// The number of changes that the request makes.
  [[nodiscard]] int count() const {
    return (indexes.empty() ? 0 : 1) + (throughput ? 1 : 0) + (billing_mode ? 1 : 0) + (stream ? 1 : 0) +
           (encryption ? 1 : 0) + (table_class ? 1 : 0) + (protection ? 1 : 0) + (warm ? 1 : 0) + (on_demand ? 1 : 0) +
           (replicas ? 1 : 0) + (settings_replication ? 1 : 0) + (disassociation ? 1 : 0);
  }

  const Members& request;
  IndexUpdates indexes;
  bool creates_index;
  bool deletes_index;
  bool throughput;
  std::optional<std::string_view> billing_mode;
  bool stream;
  bool encryption;
  bool table_class;
  bool protection;
  bool warm;
  bool on_demand;
  bool replicas;
  bool settings_replication;
  bool disassociation;
};

void check_not_empty(const Update& update) {
  if (update.count() == 0) {
    // MultiRegionConsistency, which is no change by itself, is not listed if it was given.
    throw_validation(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
        "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, " +
        std::string(update.request.has("MultiRegionConsistency") ? "" : "MultiRegionConsistency, ") +
        "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required");
  }
  if (update.request.has("GlobalSecondaryIndexUpdates") && update.indexes.global.empty()) {
    throw_invalid_parameters("List of GlobalSecondaryIndexUpdates is empty");
  }
}

/// Throws if the request has members that may not be combined.
void check_combination(const Update& update) {
  struct Rule {
    bool broken;
    const char* message;
  };
  const bool alone = update.count() == 1;
  const bool online = update.creates_index || update.deletes_index;
  const bool provisions = update.throughput || update.billing_mode == "PROVISIONED";
  if (update.replicas && !alone &&
      (update.request.text("MultiRegionConsistency") || update.request.has("GlobalTableWitnessUpdates"))) {
    throw_validation("Requests that modify replicas or witnesses must not also modify other fields");
  }
  const std::array rules = {
      Rule{update.replicas && !alone, "Replica modification must be the only operation in the request"},
      Rule{update.settings_replication && !alone,
           "GlobalTableSettingsReplicationMode modification must be the only operation in the request"},
      Rule{update.disassociation && !alone,
           "DisassociationProtection modification must be the only operation in the request"},
      Rule{update.encryption && !alone,
           "Server-Side Encryption modification must be the only operation in the request"},
      Rule{update.table_class && !alone, "TableClass modification must be the only operation in the request"},
      Rule{update.protection && !alone, "DeletionProtection modification must be the only operation in the request"},
      Rule{update.warm && update.creates_index,
           "Create global secondary index cannot be specified when updating WarmThroughput"},
      Rule{update.warm && !alone, "WarmThroughput must be the only operation in the request"},
      Rule{update.on_demand && update.count() > (update.billing_mode ? 2 : 1),
           "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"},
      Rule{update.stream && provisions, "You cannot modify stream status while updating table IOPS"},
      Rule{online && update.throughput, "You cannot create or delete index while updating table IOPS"},
      Rule{online && update.stream, "You cannot create or delete index while changing stream status"},
  };
  const auto broken = std::ranges::find_if(rules, &Rule::broken);
  if (broken != rules.end()) throw_invalid_parameters(broken->message);
}

void check_settings_replication(const Update& update) {
  if (update.request.text("GlobalTableSettingsReplicationMode") != "ENABLED_WITH_OVERRIDES") return;
  throw_validation(
      "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only "
      "ENABLED "
      "and DISABLED settings replication are supported for a Regional Table.");
}

/// `before`, here and below: the table as it was before the changes that are under way. Requests are compared with it:
/// a setting that it already has is no change, even if a change of the setting is under way.
engine::BillingMode wanted_billing_mode(const Update& update, const engine::Table& before) {
  if (!update.billing_mode) return before.billing_mode;
  return *update.billing_mode == "PAY_PER_REQUEST" ? engine::BillingMode::kPayPerRequest
                                                   : engine::BillingMode::kProvisioned;
}

/// Throws unless a switch to provisioned billing gives the throughput of every global index.
void check_index_throughputs(const Update& update, const engine::Table& table) {
  std::string missing;
  for (const auto& index : table.indexes) {
    const bool given = std::ranges::any_of(
        update.indexes.global, [&](const IndexUpdate& each) { return each.update && each.name == index.name; });
    if (!index.global || given) continue;
    missing += missing.empty() ? "" : ",";
    missing += index.name;
  }
  if (missing.empty()) return;
  throw_invalid_parameters("ProvisionedThroughput must be specified for index: " + missing);
}

void set_billing_mode(engine::Table& table, engine::BillingMode mode, std::int64_t done_ms) {
  const auto keep_warm = [&](engine::ThroughputLimits& warm, engine::Throughput& throughput) {
    warm = effective_warm(warm, table.billing_mode, throughput);
    if (mode == engine::BillingMode::kPayPerRequest) throughput.read_units = throughput.write_units = 0;
  };
  keep_warm(table.warm, table.throughput);
  for (auto& index : table.indexes) {
    if (index.global) keep_warm(index.warm, index.throughput);
  }
  table.billing_mode = mode;
  if (mode == engine::BillingMode::kPayPerRequest) {
    table.last_pay_per_request_ms = done_ms;
    return;
  }
  table.on_demand = {};
  for (auto& index : table.indexes) index.on_demand = {};
}

/// Throws if a table with vector indexes would not be on demand.
void check_vector_indexes(const engine::Table& table, engine::BillingMode mode) {
  const auto is_vector = [](const engine::Index& index) { return index.vector.has_value(); };
  if (mode == engine::BillingMode::kPayPerRequest || std::ranges::none_of(table.indexes, is_vector)) return;
  throw_invalid_parameters("Vector indexes are only supported for PAY_PER_REQUEST tables");
}

/// Changes the billing mode and the table's own throughput.
void update_billing(const Update& update, const engine::Table& before, engine::Table& table, ChangeTimes times) {
  const engine::BillingMode mode = wanted_billing_mode(update, before);
  const auto throughput = read_throughput(update.request);
  const bool switches = mode != before.billing_mode;
  if (throughput && mode == engine::BillingMode::kPayPerRequest) {
    throw_invalid_parameters(
        std::string(switches ? "ProvisionedThroughput cannot" : "Neither ReadCapacityUnits nor WriteCapacityUnits can")
            .append(" be specified when BillingMode is PAY_PER_REQUEST"));
  }
  if (throughput && !switches) check_throughput_changes(table.throughput, *throughput, {});
  if (switches) {
    check_vector_indexes(table, mode);
    if (mode == engine::BillingMode::kProvisioned) check_index_throughputs(update, table);
    set_billing_mode(table, mode, times.until_ms);
  }
  if (!throughput) return;
  const auto warm_before = effective_warm(table.warm, table.billing_mode, table.throughput);
  change_throughput(table.throughput, *throughput, times.now_ms);
  if (effective_warm(table.warm, table.billing_mode, table.throughput) != warm_before) table.warm = warm_before;
}

void check_stream_stays(const Members& request, const engine::Table& table) {
  const auto object = request.object("StreamSpecification");
  if (!object || table.replicas.empty() || Members(*object).flag("StreamEnabled")) return;
  throw_invalid_parameters("Disabling Stream is not allowed for a Global Table replica.");
}

/// Makes the checks of a table with replicas that come before those of changes under way.
void check_global_table(const Call& call) {
  const engine::TablePtr table = find_table(call, table_name(call.request));
  if (table == nullptr || table->replicas.empty()) return;
  check_created(*table);
  check_stream_stays(call.request, *table);
}

void update_stream(Call& call, engine::Table& table) {
  const auto object = call.request.object("StreamSpecification");
  if (!object) return;
  const Members specification(*object);
  const bool enable = specification.flag("StreamEnabled");
  check_stream_stays(call.request, table);
  if (enable && !specification.has("StreamViewType")) {
    throw_invalid_parameters("If stream is being enabled then UpdateViewType is required");
  }
  if (!enable && specification.has("StreamViewType")) {
    throw_invalid_parameters("If stream is being disabled, then UpdateViewType must not be specified");
  }
  if (enable && !table.stream_view_type.empty()) {
    throw_validation("Table already has an enabled stream: TableName: " + table.name);
  }
  if (!enable && table.stream_view_type.empty()) {
    throw_validation("Table has no stream to disable: TableName: " + table.name);
  }
  apply_stream_specification(specification, table);
}

void update_encryption(Call& call, engine::Table& table, std::int64_t until_ms) {
  const auto object = call.request.object("SSESpecification");
  if (!object) return;
  const engine::Table before = table;
  apply_sse_specification(call, Members(*object), table);
  if (before.encryption_until_ms != 0) {
    if (table.sse_enabled == before.sse_enabled && shown_key(table.sse_kms_key) == shown_key(before.sse_kms_key))
      return;
    engine::throw_still_in_use("Server-Side Encryption is still being updated");
  }
  if (!table.sse_enabled && !before.sse_enabled) {
    throw_invalid_parameters("Table is already encrypted by default");
  }
  const auto key = Members(*object).text("KMSMasterKeyId");
  if (before.sse_enabled && (key == before.sse_kms_key || key == shown_key(before.sse_kms_key))) {
    throw_invalid_parameters(
        "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want "
        "to change Master Key");
  }
  table.encryption_until_ms = until_ms;
}

/// Whether the request changes the table class: not if the table already has it, explicitly or by default.
bool changes_table_class(const Members& request, const engine::Table& before) {
  const auto wanted = read_table_class(request);
  return wanted && *wanted != before.table_class && (*wanted != "STANDARD" || !before.table_class.empty());
}

void update_table_class(const Members& request, const engine::Table& before, engine::Table& table,
                        std::int64_t now_ms) {
  if (!changes_table_class(request, before)) return;
  const auto wanted = read_table_class(request);
  table.table_class = *wanted;
  table.table_class_ms = now_ms;
  // Changes the class of all regions; that of a single region is changed by an override.
  for (engine::Replica& replica : table.replicas) {
    if (replica.region == table.home_region) continue;
    replica.settings.table_class = *wanted;
    replica.settings.table_class_ms = now_ms;
  }
}

/// Gives all regions the same kind of encryption, each with its own key.
void spread_encryption(Call& call, engine::Table& table) {
  for (engine::Replica& replica : table.replicas) {
    if (replica.region == table.home_region) continue;
    std::string& key = replica.settings.sse_kms_key;
    if (!table.sse_enabled) {
      key.clear();
    } else if (key.empty() || is_managed_key(table.sse_kms_key)) {
      key = managed_key(call, replica.region);
    }
  }
}

void update_disassociation_protection(Call& call, engine::Table& table) {
  if (!call.request.has("DisassociationProtectionEnabled")) return;
  if (table.replicas.empty() || table.strongly_consistent) {
    throw_invalid_parameters(
        "DisassociationProtectionEnabled can only be changed for a replica of a global table with eventual "
        "consistency");
  }
  engine::Replica* const replica = table.replica(table.home_region);
  replica->disassociation_protection = call.request.flag("DisassociationProtectionEnabled");
}

void update_settings_replication(const Members& request, engine::Table& table) {
  const auto mode = request.text("GlobalTableSettingsReplicationMode");
  if (!mode) return;
  if (!table.replicas.empty()) {
    throw_invalid_parameters("GlobalTableSettingsReplicationMode can only be changed for a regional table");
  }
  table.settings_replication = *mode;
}

/// Shows a change of the billing mode as a change of units, which only the reply to that change does.
void show_switch_time(engine::Table& shown, std::int64_t now_ms) {
  const bool on_demand = shown.billing_mode == engine::BillingMode::kPayPerRequest;
  shown.throughput.decreases_today = decreases_today(shown.throughput, now_ms);
  (on_demand ? shown.throughput.last_decrease_ms : shown.throughput.last_increase_ms) = now_ms;
}

WantedChanges wanted_changes(const Update& update, const engine::Table& before) {
  return {.throughput = update.throughput || wanted_billing_mode(update, before) != before.billing_mode ||
                        updates_throughput(update.indexes),
          .stream = update.stream,
          .table_class = update.table_class,
          .on_demand = update.on_demand,
          .indexes = update.creates_index || update.deletes_index};
}

engine::UpdateScope scope_of(const Update& update, const engine::Table& present) {
  const engine::Table before = engine::before_changes(present);
  if (update.throughput || update.stream || update.creates_index || update.deletes_index ||
      wanted_billing_mode(update, before) != before.billing_mode || changes_table_class(update.request, before)) {
    return engine::UpdateScope::kTable;
  }
  if (!update.indexes.empty()) return engine::UpdateScope::kIndexes;
  // With replicas, any effective change makes the table UPDATING.
  const int unchanged = (update.billing_mode ? 1 : 0) + (update.table_class ? 1 : 0);
  const bool group = !present.replicas.empty();
  return group && update.count() > unchanged ? engine::UpdateScope::kTable : engine::UpdateScope::kSettings;
}

/// Throws if a region is to be added while a bulk put is under way. Source: Developer Guide, "Bulk put items
/// considerations".
void check_no_bulk_put(Call& call, const ReplicaUpdates& updates, const engine::Table& table) {
  const bool adds = updates.replicas.front().action == ReplicaAction::kCreate;
  if (!adds || !call.engine().bulk_puts().is_filling(table.id)) return;
  engine::throw_still_in_use("A bulk put of items is in progress. Table: " + table.name);
}

/// Changes replicas, which must be the only change. The reply shows them as they were before.
void update_replicas(Call& call) {
  const ReplicaUpdates updates = read_replica_updates(call);
  const std::string name(table_name(call.request));
  if (const engine::TablePtr table = call.engine().find_table(name)) check_replica_updates(call, updates, *table);
  std::vector<engine::Replica> before;
  engine::Table shown = *call.engine().update_table(
      name,
      [&](engine::Table& table) {
        check_changes_under_way({.replicas = true}, table);
        check_no_bulk_put(call, updates, table);
        before = table.replicas;
        apply_replica_updates(call, updates, table);
      },
      engine::UpdateScope::kTable);
  if (before.empty()) before.push_back(*shown.replica(shown.home_region));
  // Only if they include the home region; otherwise the present replicas are shown.
  if (std::ranges::find(before, shown.home_region, &engine::Replica::region) != before.end()) shown.replicas = before;
  ObjectWriter writer(call.reply);
  append_updated_table_description(call, *view_of(call, std::make_shared<engine::Table>(std::move(shown))), false,
                                   writer.key("TableDescription"));
  writer.end();
}

}  // namespace

void update_table(Call& call) {
  const Members& request = call.request;
  const Update update(request);
  check_not_empty(update);
  check_combination(update);
  if (update.billing_mode == "PROVISIONED" && !update.throughput) {
    throw_invalid_parameters("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  if (update.replicas) return update_replicas(call);
  check_settings_replication(update);
  read_throughput(request);  // its bounds are checked before the table's state
  read_table_class(request);
  check_global_table(call);

  const std::int64_t now_ms = call.engine().clock().now_ms();
  const ChangeTimes times{.now_ms = now_ms, .until_ms = now_ms + call.engine().transition_delay_ms()};
  engine::BillingMode mode_before = engine::BillingMode::kProvisioned;
  engine::ThroughputLimits on_demand;
  const auto change = [&](engine::Table& table) {
    const engine::Table present = table;
    const engine::Table before = engine::before_changes(table);
    mode_before = before.billing_mode;
    const engine::BillingMode mode = wanted_billing_mode(update, before);
    check_changed_indexes(update.indexes, table);
    check_changes_under_way(wanted_changes(update, before), table);
    update_billing(update, before, table, times);
    on_demand = merge_on_demand(request, mode, table.on_demand, {});
    table.on_demand = without_removed(on_demand);
    if (update.warm) {
      table.warm = merge_warm(request, before.billing_mode, before.throughput, before.warm, {});
      table.warm_until_ms = times.until_ms;
    }
    apply_index_updates(request, update.indexes, table, times);
    update_stream(call, table);
    update_encryption(call, table, times.until_ms);
    if (update.encryption) spread_encryption(call, table);
    update_disassociation_protection(call, table);
    update_settings_replication(request, table);
    update_table_class(request, before, table, now_ms);
    table.deletion_protection = request.flag("DeletionProtectionEnabled", table.deletion_protection);
    check_quotas(present, table, call.context.region);
  };
  engine::Table shown = *update_table(call, table_name(request), change,
                                      [&](const engine::Table& present) { return scope_of(update, present); });
  // The reply shows the table as UPDATING even if these members change nothing.
  if (update.billing_mode || update.table_class) shown.status = engine::TableStatus::kUpdating;
  if (update.billing_mode) shown.billing_mode = wanted_billing_mode(update, shown);
  const bool switches = update.billing_mode && shown.billing_mode != mode_before;
  if (switches) show_switch_time(shown, now_ms);
  // A change of encryption is shown with an ACTIVE table, whatever else is under way.
  if (update.encryption && shown.replicas.empty()) shown.status = engine::TableStatus::kActive;
  // The reply repeats -1; later descriptions show no limit.
  shown.on_demand = on_demand;
  ObjectWriter writer(call.reply);
  append_updated_table_description(call, shown, switches, writer.key("TableDescription"));
  writer.end();
}

}  // namespace stator::api
