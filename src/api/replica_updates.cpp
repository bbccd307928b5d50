#include "api/replica_updates.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "api/encryption_key.h"
#include "api/regions.h"
#include "api/throughput.h"
#include "core/api_error.h"
#include "core/hexadecimal.h"
#include "engine/replicas.h"

namespace stator::api {

using core::throw_invalid_parameters;
using core::throw_validation;
using engine::TableStatus;

namespace {

/// In the order in which the service lists them, as far as known.
constexpr std::array<std::string_view, 36> kReplicaRegions = {
    "ap-south-2",     "ap-south-1",     "eu-south-1",     "eu-south-2",     "me-central-1",   "il-central-1",
    "ca-central-1",   "ap-east-2",      "mx-central-1",   "eu-central-1",   "eu-central-2",   "us-west-1",
    "us-west-2",      "af-south-1",     "eu-north-1",     "eu-west-3",      "eu-west-2",      "eu-west-1",
    "ap-northeast-3", "ap-northeast-2", "ap-northeast-1", "me-south-1",     "ca-west-1",      "sa-east-1",
    "ap-east-1",      "cn-north-1",     "us-gov-west-1",  "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
    "ap-southeast-4", "us-east-1",      "us-east-2",      "cn-northwest-1", "ap-southeast-5", "us-gov-east-1"};

/// The regions in which tables can be strongly consistent. Source: Developer Guide, "Multi-Region strong consistency
/// (MRSC)".
constexpr std::array<std::string_view, 10> kStrongRegions = {
    "us-east-1",      "us-east-2",    "us-west-2", "ap-northeast-1", "ap-northeast-2",
    "ap-northeast-3", "eu-central-1", "eu-west-1", "eu-west-2",      "eu-west-3"};

constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;

template <class List>
std::string join(const List& names) {
  std::string joined;
  for (const auto& name : names) {
    if (!joined.empty()) joined += ", ";
    joined += name;
  }
  return joined;
}

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

void check_region(std::string_view region) {
  if (contains(kReplicaRegions, region)) return;
  throw_validation("Region " + std::string(region) +
                   " is not supported. The latest version of global tables are only supported in the following "
                   "regions: [" +
                   join(kReplicaRegions) + "]");
}

ReplicaOverrides::Units read_units(const Members& members) {
  ReplicaOverrides::Units units;
  if (const auto object = members.object("ProvisionedThroughputOverride")) {
    units.provisioned = Members(*object).integer("ReadCapacityUnits");
  }
  if (const auto object = members.object("OnDemandThroughputOverride")) {
    units.on_demand = Members(*object).integer("MaxReadRequestUnits");
  }
  return units;
}

[[noreturn]] void throw_no_action() {
  throw_validation("There are no actions specified in the Replica Update Action of the request.");
}

ReplicaOverrides read_overrides(const Members& members) {
  ReplicaOverrides overrides;
  overrides.units = read_units(members);
  if (const auto indexes = members.array("GlobalSecondaryIndexes")) {
    for (const auto element : *indexes) {
      const Members index(element.get_object());
      overrides.indexes.emplace_back(index.required_text("IndexName"), read_units(index));
    }
  }
  if (const auto key = members.text("KMSMasterKeyId")) overrides.kms_key = *key;
  if (const auto table_class = members.text("TableClassOverride")) overrides.table_class = *table_class;
  return overrides;
}

bool asks_nothing(const ReplicaOverrides& overrides) {
  const auto asks = [](const auto& index) { return index.second.given(); };
  return !overrides.units.given() && !overrides.kms_key && !overrides.table_class &&
         std::ranges::none_of(overrides.indexes, asks);
}

ReplicaUpdate read_update(const Members& element) {
  static constexpr std::array kActions = {
      std::pair{"Create", ReplicaAction::kCreate}, std::pair{"Update", ReplicaAction::kUpdate},
      std::pair{"Delete", ReplicaAction::kDelete}, std::pair{"Disassociate", ReplicaAction::kDisassociate}};
  std::optional<ReplicaUpdate> update;
  for (const auto& [name, action] : kActions) {
    const auto object = element.object(name);
    if (!object) continue;
    if (update) throw_validation("Update table operation with more than one type of replica actions not allowed.");
    const Members members(*object);
    update.emplace();
    update->action = action;
    const auto region = members.text("RegionName");
    if (!region) throw_validation("One or more parameter values were invalid");
    update->region = *region;
    if (action == ReplicaAction::kCreate || action == ReplicaAction::kUpdate) {
      update->overrides = read_overrides(members);
    }
    if (action == ReplicaAction::kUpdate && asks_nothing(update->overrides)) throw_no_action();
  }
  if (!update) throw_no_action();
  return std::move(*update);
}

std::vector<std::string> regions_of(const ReplicaUpdates& updates, ReplicaAction action) {
  std::vector<std::string> regions;
  for (const ReplicaUpdate& update : updates.replicas) {
    if (update.action == action) regions.push_back(update.region);
  }
  return regions;
}

void check_one_kind(const ReplicaUpdates& updates) {
  const ReplicaAction first = updates.replicas.front().action;
  for (const ReplicaUpdate& update : updates.replicas) {
    if (update.action != first) {
      throw_validation("Update table operation with more than one type of replica actions not allowed.");
    }
  }
  if (first == ReplicaAction::kDisassociate && updates.replicas.size() > 1) {
    throw_validation("Update table operation with more than one disassociate replica action not allowed.");
  }
}

/// Throws unless one request creates the whole group of a table that is to be strongly consistent.
void check_strong_group(const Call& call, const ReplicaUpdates& updates) {
  if (updates.consistency && updates.replicas.front().action != ReplicaAction::kCreate) {
    throw_validation("Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.");
  }
  const bool strong = updates.consistency == "STRONG";
  if (!updates.created_witness.empty() && !strong) {
    throw_validation(
        "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.");
  }
  if (!strong) return;
  constexpr std::size_t kOthers = 2;
  std::vector<std::string> regions = regions_of(updates, ReplicaAction::kCreate);
  const std::vector<std::string> copies = regions;
  if (!updates.created_witness.empty()) regions.push_back(updates.created_witness);
  if (regions.size() != kOthers || copies.empty()) {
    throw_validation("Unsupported replica count for global tables with MultiRegionConsistency set to STRONG.");
  }
  std::vector<std::string> unsupported;
  std::vector<std::string> all = regions;
  all.push_back(call.context.region);
  for (const std::string& region : all) {
    if (!contains(kStrongRegions, region) && !contains(unsupported, region)) unsupported.push_back(region);
  }
  if (!unsupported.empty()) {
    throw_validation("Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [" +
                     join(unsupported) + "].");
  }
  if (contains(copies, updates.created_witness)) {
    throw_validation("Cannot target multiple regions with the same action");
  }
  if (updates.created_witness == call.context.region) {
    throw_validation(
        "Cannot add a witness in the same region as an existing replica when creating a global table with "
        "MultiRegionConsistency set to STRONG.");
  }
}

[[noreturn]] void throw_not_part(const char* what, const std::vector<std::string>& regions) {
  const std::string noun(what);
  throw_validation("Update global table operation failed because one or more " + noun +
                   " were not part of the global table. Please retry the request without these " + noun + ": [" +
                   join(regions) + "].");
}

[[noreturn]] void throw_being_added(const engine::Table& table) {
  std::vector<std::string> regions;
  for (const engine::Replica& replica : table.replicas) regions.push_back(replica.region);
  std::ranges::sort(regions);
  throw core::ApiError(
      core::ErrorCode::kResourceInUse,
      "Global table with name: '" + table.name + "' already exists with replicas in regions: '" + join(regions) + "'.");
}

void check_members(const Call& call, const ReplicaUpdates& updates, const engine::Table& table) {
  std::vector<std::string> unknown_regions;
  for (const ReplicaUpdate& update : updates.replicas) {
    const engine::Replica* const replica = table.replica(update.region);
    const bool comes = replica != nullptr && replica->status == TableStatus::kCreating;
    const bool unlisted = replica == nullptr || (comes && has_just_begun(call, *replica));
    if (update.action == ReplicaAction::kCreate) {
      if (comes && !unlisted) throw_being_added(table);
      if (unlisted) continue;
      throw_validation("Failed to create a the new replica of table with name: ‘" + table.name +
                       "’ because one or more replicas already existed as tables.");
    }
    if (unlisted) unknown_regions.push_back(update.region);
  }
  if (!unknown_regions.empty()) throw_not_part("replicas", unknown_regions);
}

/// Throws for changes that strongly consistent tables do not allow, and for a witness that is not part of the table.
void check_frozen(const ReplicaUpdates& updates, const engine::Table& table) {
  if (updates.consistency && !table.replicas.empty()) {
    throw_validation("MultiRegionConsistency parameter is unsupported on existing global table");
  }
  const bool strong = table.strongly_consistent;
  if (strong && updates.replicas.front().action == ReplicaAction::kCreate) {
    throw_validation("Cannot add replicas to a global table with strong MultiRegionConsistency");
  }
  const std::vector<std::string> deleted = regions_of(updates, ReplicaAction::kDelete);
  if (!updates.deleted_witness.empty() && (!table.witness || table.witness->region != updates.deleted_witness)) {
    throw_not_part("witnesses", {updates.deleted_witness});
  }
  if (!strong || deleted.empty()) return;
  if (deleted.size() + 1 < table.replicas.size()) {
    throw_validation(
        "Deletion of only one table replica is not supported for global tables with MultiRegionConsistency set to "
        "STRONG.");
  }
  if (table.witness && updates.deleted_witness.empty()) {
    throw_validation("Update table delete operation does not include all witnesses.");
  }
}

/// The key ARN for a new region; empty if the table is not encrypted with KMS.
std::string key_of(const Call& call, const engine::Table& table, const ReplicaUpdate& update) {
  const auto refuse = [] { throw_invalid_parameters("KMSMasterKeyId must be specified for each replica."); };
  const std::optional<std::string>& given = update.overrides.kms_key;
  if (!table.sse_enabled) {
    if (given) refuse();
    return {};
  }
  const bool managed = is_managed_key(table.sse_kms_key);
  if (!given) {
    if (!managed) refuse();
    return managed_key(call, update.region);
  }
  std::string key = read_key(call, *given, update.region, "KMS validation error for region " + update.region);
  if (managed != is_managed_key(key)) {
    throw_invalid_parameters("All replica keys must either be Customer Managed CMK or AWS Managed CMK.");
  }
  return key;
}

void set_units(const ReplicaOverrides::Units& units, engine::BillingMode mode, std::optional<std::int64_t>& provisioned,
               std::optional<std::int64_t>& on_demand) {
  if (units.provisioned && mode == engine::BillingMode::kProvisioned) provisioned = units.provisioned;
  if (units.on_demand && mode == engine::BillingMode::kPayPerRequest) on_demand = units.on_demand;
  if (on_demand == -1) on_demand.reset();
}

void apply_overrides(const ReplicaOverrides& overrides, const engine::Table& table, engine::Replica& replica) {
  set_units(overrides.units, table.billing_mode, replica.read_units, replica.max_read_units);
  for (const auto& [name, units] : overrides.indexes) {
    const engine::Index* const index = table.index(name);
    if (index == nullptr || !index->global) continue;  // the service ignores unknown indexes
    engine::ReplicaIndex& entry = engine::index_entry(replica, name);
    set_units(units, table.billing_mode, entry.read_units, entry.max_read_units);
  }
}

std::string derived_uuid(std::string_view table_id, std::string_view region) {
  // A UUID computed from the table's id and the region's name: the same whenever the region is added.
  std::uint64_t hash = 1469598103934665603U;
  std::string id(table_id);
  for (std::size_t i = 0; i < id.size(); ++i) {
    for (const char c : region) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    hash = (hash ^ static_cast<unsigned char>(id[i])) * 1099511628211U;
    const bool fixed = id[i] == '-' || i == 14 || i == 19;  // hyphens, version, variant
    if (!fixed) id[i] = core::kHexadecimalDigits[hash >> 60U];
  }
  return id;
}

void add_home(const Call& call, engine::Table& table) {
  if (!table.replicas.empty()) return;
  engine::Replica home;
  home.region = call.context.region;
  home.added_ms = call.engine().clock().now_ms();
  table.home_region = home.region;
  table.replicas.push_back(std::move(home));
  if (table.stream_view_type.empty()) table.stream_view_type = "NEW_AND_OLD_IMAGES";
}

void check_limits(const ReplicaOverrides& overrides, bool removable) {
  const auto check = [removable](const ReplicaOverrides::Units& units, std::string_view index) {
    if (units.on_demand) check_on_demand_limit(*units.on_demand, "MaxReadRequestUnits", removable, index);
  };
  check(overrides.units, {});
  for (const auto& [name, units] : overrides.indexes) check(units, name);
}

void create(const Call& call, const ReplicaUpdate& update, engine::Table& table) {
  check_limits(update.overrides, false);
  const std::int64_t now_ms = call.engine().clock().now_ms();
  engine::Replica replica;
  replica.region = update.region;
  replica.status = TableStatus::kCreating;
  replica.status_until_ms = now_ms + call.engine().transition_delay_ms();
  replica.source = engine::region_of(table, call.context.region);
  replica.added_ms = now_ms;
  replica.settings.id = derived_uuid(table.id, update.region);
  replica.settings.created_ms = now_ms;
  replica.settings.sse_kms_key = key_of(call, table, update);
  replica.settings.table_class = update.overrides.table_class.value_or(table.table_class);
  apply_overrides(update.overrides, table, replica);
  table.replicas.push_back(std::move(replica));
}

void check_override(const ReplicaOverrides::Units& units, engine::BillingMode mode) {
  if (units.provisioned && mode == engine::BillingMode::kPayPerRequest) {
    throw_validation(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
  }
  if (units.on_demand && mode == engine::BillingMode::kProvisioned) {
    throw_validation(
        "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED");
  }
}

void update(const Call& call, const ReplicaUpdate& update, engine::Table& table) {
  if (update.overrides.kms_key) throw_invalid_parameters("KMSMasterKeyId must be specified for each replica.");
  check_override(update.overrides.units, table.billing_mode);
  for (const auto& [name, units] : update.overrides.indexes) check_override(units, table.billing_mode);
  check_limits(update.overrides, true);
  engine::Replica& replica = *table.replica(update.region);
  apply_overrides(update.overrides, table, replica);
  if (update.overrides.table_class) {
    const bool home = update.region == table.home_region;
    (home ? table.table_class : replica.settings.table_class) = *update.overrides.table_class;
    (home ? table.table_class_ms : replica.settings.table_class_ms) = call.engine().clock().now_ms();
  }
  replica.status = TableStatus::kUpdating;
  replica.status_until_ms = call.engine().clock().now_ms() + call.engine().transition_delay_ms();
}

void disassociate(const Call& call, const ReplicaUpdate& update, engine::Table& table) {
  if (update.region != engine::region_of(table, call.context.region)) {
    throw_validation("Only the local replica can be disassociated. Send the request to the region " + update.region);
  }
  if (table.strongly_consistent) {
    throw_validation(
        "Disassociation of a replica is not supported for global tables with MultiRegionConsistency set to STRONG.");
  }
  if (table.replica(update.region)->disassociation_protection) {
    throw_validation("Cannot disassociate the replica of table " + table.name + " in region " + update.region +
                     " because it has disassociation protection enabled. Disable disassociation protection first.");
  }
  engine::begin_removal(table, update.region, call.engine().clock().now_ms() + call.engine().transition_delay_ms());
}

}  // namespace

ReplicaUpdates read_replica_updates(const Call& call) {
  const Members& request = call.request;
  ReplicaUpdates updates;
  updates.consistency = request.text("MultiRegionConsistency");
  if (const auto list = request.array("GlobalTableWitnessUpdates")) {
    for (const auto element : *list) {
      const Members members(element.get_object());
      const auto region = [&members](const char* action) {
        const auto object = members.object(action);
        return std::string(object ? Members(*object).text("RegionName").value_or("") : "");
      };
      updates.created_witness = region("Create");
      updates.deleted_witness = region("Delete");
    }
  }
  const auto list = request.array("ReplicaUpdates");
  if (!list) return updates;
  std::set<std::pair<ReplicaAction, std::string>> seen;
  for (const auto element : *list) {
    ReplicaUpdate update = read_update(Members(element.get_object()));
    const bool is_first = update.action == ReplicaAction::kUpdate || seen.emplace(update.action, update.region).second;
    if (is_first) updates.replicas.push_back(std::move(update));
  }
  check_one_kind(updates);
  for (const ReplicaUpdate& update : updates.replicas) check_region(update.region);
  if (!updates.created_witness.empty()) check_region(updates.created_witness);
  check_strong_group(call, updates);
  return updates;
}

void check_replica_updates(const Call& call, const ReplicaUpdates& updates, const engine::Table& table) {
  const std::string_view local =
      table.replicas.empty() ? std::string_view(call.context.region) : engine::region_of(table, call.context.region);
  for (const ReplicaUpdate& update : updates.replicas) {
    const bool adds_or_removes = update.action == ReplicaAction::kCreate || update.action == ReplicaAction::kDelete;
    if (adds_or_removes && (update.region == local || update.region == call.context.region)) {
      throw_validation(
          "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable "
          "as required.");
    }
  }
  const bool several = updates.replicas.size() > 1 && updates.replicas.front().action != ReplicaAction::kUpdate;
  if (several && !table.strongly_consistent && updates.consistency != "STRONG") {
    throw_validation("Update table operation with more than one create or delete replica actions not allowed");
  }
  const engine::Replica* const added = region_being_added(call, table);
  if (added != nullptr && added->region == call.context.region) {
    for (const std::string& region : regions_of(updates, ReplicaAction::kDelete)) check_removable(call, table, region);
    check_no_region_being_added(call, table);
  }
  check_frozen(updates, table);
  check_members(call, updates, table);
}

void apply_replica_updates(const Call& call, const ReplicaUpdates& updates, engine::Table& table) {
  check_replica_updates(call, updates, table);
  const std::int64_t until_ms = call.engine().clock().now_ms() + call.engine().transition_delay_ms();
  for (const ReplicaUpdate& each : updates.replicas) {
    switch (each.action) {
      case ReplicaAction::kCreate:
        add_home(call, table);
        create(call, each, table);
        break;
      case ReplicaAction::kUpdate:
        update(call, each, table);
        break;
      case ReplicaAction::kDelete:
        if (!table.strongly_consistent) check_removable(call, table, each.region);
        engine::begin_removal(table, each.region, until_ms);
        break;
      case ReplicaAction::kDisassociate:
        disassociate(call, each, table);
        break;
    }
  }
  if (updates.consistency == "STRONG") table.strongly_consistent = true;
  if (!updates.created_witness.empty()) {
    table.witness = engine::Witness{
        .region = updates.created_witness, .status = TableStatus::kCreating, .status_until_ms = until_ms};
  }
  if (!updates.deleted_witness.empty() && table.witness) {
    table.witness->status = TableStatus::kDeleting;
    table.witness->status_until_ms = until_ms;
  }
}

void check_removable(const Call& call, const engine::Table& table, std::string_view region) {
  if (table.strongly_consistent) {
    throw_validation(
        "Deletion of only one table replica is not supported for global tables with MultiRegionConsistency set to "
        "STRONG.");
  }
  const std::int64_t now_ms = call.engine().clock().now_ms();
  const bool is_source = std::ranges::any_of(table.replicas, [&](const engine::Replica& replica) {
    return replica.region != region && replica.source == region && now_ms < replica.added_ms + kDayMs;
  });
  if (is_source) {
    throw_validation(
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table "
        "in the last 24 hours.");
  }
  const bool home = region == table.home_region;
  if (home ? table.deletion_protection : table.replica(region)->settings.deletion_protection) {
    throw_validation("Cannot delete table " + table.name + " in region " + std::string(region) +
                     " because it has deletion protection enabled. Disable deletion protection first.");
  }
}

}  // namespace stator::api
