#include "api/restore_request.h"

#include <algorithm>
#include <string>
#include <vector>

#include "api/backup_names.h"
#include "api/table_request.h"
#include "api/throughput.h"
#include "api/vector_indexes.h"
#include "core/api_error.h"

namespace stator::api {
namespace {

using engine::BillingMode;

[[noreturn]] void refuse(const std::string& why) { core::throw_validation("Invalid Request: " + why); }

/// The units of a ProvisionedThroughput structure, whose shape was checked.
engine::Throughput read_units(const Members& members) {
  engine::Throughput throughput;
  throughput.read_units = members.integer("ReadCapacityUnits").value_or(0);
  throughput.write_units = members.integer("WriteCapacityUnits").value_or(0);
  return throughput;
}

engine::ThroughputLimits read_limits(const Members& members, BillingMode mode) {
  engine::ThroughputLimits limits;
  const auto read = [&](const char* name, std::optional<std::int64_t>& units) {
    units = members.integer(name);
    if (!units) return;
    if (mode == BillingMode::kProvisioned) {
      refuse("Cannot override " + std::string(name) +
             " for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST");
    }
    if (*units < 1) refuse("Requested " + std::string(name) + " for OnDemandThroughput is outside of valid range");
  };
  read("MaxReadRequestUnits", limits.read_units);
  read("MaxWriteRequestUnits", limits.write_units);
  return limits;
}

void read_billing(const Members& request, const engine::Table& source, engine::Table& table) {
  const auto override_mode = request.text("BillingModeOverride");
  table.billing_mode = source.billing_mode;
  if (override_mode) {
    table.billing_mode = *override_mode == "PAY_PER_REQUEST" ? BillingMode::kPayPerRequest : BillingMode::kProvisioned;
  }
  const bool on_demand = table.billing_mode == BillingMode::kPayPerRequest;
  const auto throughput = request.object("ProvisionedThroughputOverride");
  if (throughput && on_demand) {
    refuse(override_mode ? "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"
                         : "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED");
  }
  if (override_mode && !on_demand && !throughput) {
    refuse("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED");
  }
  if (throughput) {
    table.throughput = read_units(Members(*throughput));
  } else if (!on_demand) {
    table.throughput.read_units = source.throughput.read_units;
    table.throughput.write_units = source.throughput.write_units;
  }
  if (on_demand) table.on_demand = source.on_demand;
  const auto limits = request.object("OnDemandThroughputOverride");
  if (!limits) return;
  const engine::ThroughputLimits wanted = read_limits(Members(*limits), table.billing_mode);
  if (wanted.read_units || wanted.write_units) table.on_demand = wanted;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

bool has_projection(const Members& element, const engine::Index& index) {
  const auto object = element.object("Projection");
  if (!object) return false;
  const Members projection(*object);
  const std::string_view type = projection.text("ProjectionType").value_or("ALL");
  const auto wanted = type == "KEYS_ONLY" ? engine::ProjectionType::kKeysOnly
                      : type == "INCLUDE" ? engine::ProjectionType::kInclude
                                          : engine::ProjectionType::kAll;
  std::vector<std::string> names;
  if (const auto list = projection.array("NonKeyAttributes")) {
    for (const auto name : *list) names.emplace_back(std::string_view(name.get_string()));
  }
  return wanted == index.projection && sorted(std::move(names)) == sorted(index.non_key_attributes);
}

/// Whether an element of an override has the same keys and projection as the index.
bool matches_index(const Members& element, const engine::Index& index) {
  std::vector<std::string> hash;
  std::vector<std::string> range;
  for (const KeyElement& key : read_key_elements(element)) (key.hash ? hash : range).push_back(key.name);
  const auto same_names = [](const std::vector<std::string>& names, const std::vector<core::KeyAttribute>& attributes) {
    return std::ranges::equal(names, attributes, {}, {}, &core::KeyAttribute::name);
  };
  return same_names(hash, index.key_schema.hash) && same_names(range, index.key_schema.range) &&
         has_projection(element, index);
}

[[noreturn]] void refuse_index(std::string_view name) {
  refuse("Index " + std::string(name) +
         " does not match a secondary index that existed in the source table and cannot be created during the restore "
         "operation");
}

/// Finds the source's index that an element of an override describes; returns it with the element's name.
engine::Index read_index(const Members& element, const engine::Table& source, bool global) {
  const std::string name(element.required_text("IndexName"));
  const auto found = std::ranges::find_if(source.indexes, [&](const engine::Index& index) {
    return !index.vector && index.global == global && index.status != engine::TableStatus::kDeleting &&
           matches_index(element, index);
  });
  if (found == source.indexes.end()) refuse_index(name);
  engine::Index index = *found;
  index.name = name;
  return index;
}

/// A copy of an index with only the properties that a restore keeps.
engine::Index copy_kept_properties(const engine::Index& index) {
  engine::Index kept;
  kept.name = index.name;
  kept.global = index.global;
  kept.vector = index.vector;
  kept.key_schema = index.key_schema;
  kept.projection = index.projection;
  kept.non_key_attributes = index.non_key_attributes;
  return kept;
}

engine::Index read_global_override(const Members& element, const engine::Table& source, const engine::Table& table,
                                   bool mode_is_overridden) {
  engine::Index index = copy_kept_properties(read_index(element, source, true));
  const bool on_demand = table.billing_mode == BillingMode::kPayPerRequest;
  const auto throughput = element.object("ProvisionedThroughput");
  if (throughput && on_demand) {
    refuse((mode_is_overridden ? "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"
                               : "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED") +
           (" for index " + index.name));
  }
  if (!throughput && !on_demand) refuse("Must specify provisioned throughput for index " + index.name);
  if (throughput) index.throughput = read_units(Members(*throughput));
  if (const auto limits = element.object("OnDemandThroughput")) {
    index.on_demand = read_limits(Members(*limits), table.billing_mode);
  }
  index.warm = read_warm(element, table.billing_mode, index.throughput, index.name);
  return index;
}

/// Restores an index without an override.
engine::Index keep_index(const engine::Index& source, const engine::Table& table) {
  engine::Index index = copy_kept_properties(source);
  if (!index.global) return index;
  if (table.billing_mode == BillingMode::kPayPerRequest) {
    index.on_demand = source.on_demand;
    return index;
  }
  index.throughput.read_units = source.throughput.read_units;
  index.throughput.write_units = source.throughput.write_units;
  if (index.throughput.read_units == 0) refuse("Must specify provisioned throughput for index " + index.name);
  return index;
}

void read_vector_indexes(const Members& request, const engine::Table& source, engine::Table& table) {
  const std::size_t others = table.indexes.size();
  const auto is_kept = [](const engine::Index& index) {
    return index.vector && index.status != engine::TableStatus::kDeleting;
  };
  if (const auto list = request.array("VectorIndexOverride")) {
    for (const auto each : *list) {
      const Members element(each.get_object());
      const std::string name(element.required_text("IndexName"));
      const auto found = std::ranges::find_if(source.indexes, [&](const engine::Index& index) {
        return is_kept(index) && has_settings(element, index) && has_projection(element, index);
      });
      if (found == source.indexes.end()) refuse_index(name);
      table.indexes.push_back(copy_kept_properties(*found));
      table.indexes.back().name = name;
    }
  } else {
    for (const engine::Index& index : source.indexes) {
      if (is_kept(index)) table.indexes.push_back(copy_kept_properties(index));
    }
  }
  if (table.indexes.size() == others || table.billing_mode == BillingMode::kPayPerRequest) return;
  core::throw_invalid_parameters("Vector indexes are only supported for PAY_PER_REQUEST tables");
}

void read_indexes(const Members& request, const engine::Table& source, engine::Table& table) {
  // An empty list means no index, an absent one all indexes of the backup.
  for (const bool global : {false, true}) {
    const auto list = request.array(global ? "GlobalSecondaryIndexOverride" : "LocalSecondaryIndexOverride");
    if (list) {
      for (const auto element : *list) {
        const Members members(element.get_object());
        table.indexes.push_back(global
                                    ? read_global_override(members, source, table, request.has("BillingModeOverride"))
                                    : copy_kept_properties(read_index(members, source, false)));
      }
      continue;
    }
    for (const engine::Index& index : source.indexes) {
      if (index.vector || index.global != global || index.status == engine::TableStatus::kDeleting) continue;
      table.indexes.push_back(keep_index(index, table));
    }
  }
  read_vector_indexes(request, source, table);
  check_indexes(table);
}

/// Copies the definitions of attributes that the restored table uses.
void keep_definitions(const engine::Table& source, engine::Table& table) {
  const auto names = [](const core::KeySchema& schema, std::string_view name) {
    const auto is_named = [name](const core::KeyAttribute& attribute) { return attribute.name == name; };
    return std::ranges::any_of(schema.hash, is_named) || std::ranges::any_of(schema.range, is_named);
  };
  for (const core::KeyAttribute& definition : source.attribute_definitions) {
    const bool used =
        names(table.key_schema, definition.name) || std::ranges::any_of(table.indexes, [&](const engine::Index& index) {
          return names(index.key_schema, definition.name) ||
                 (index.vector && reads_attribute(*index.vector, definition.name));
        });
    if (used) table.attribute_definitions.push_back(definition);
  }
}

}  // namespace

engine::Table read_restored_table(Call& call, const engine::Table& source) {
  const Members& request = call.request;
  engine::Table table;
  table.name = request.required_text("TargetTableName");
  table.key_schema = source.key_schema;
  read_billing(request, source, table);
  read_indexes(request, source, table);
  keep_definitions(source, table);
  table.sse_enabled = source.sse_enabled;
  table.sse_kms_key = source.sse_kms_key;
  if (const auto sse = request.object("SSESpecificationOverride")) apply_sse_specification(call, Members(*sse), table);
  if (table.billing_mode == BillingMode::kPayPerRequest) {
    table.last_pay_per_request_ms = call.engine().clock().now_ms();
  }
  check_quotas({}, table, call.context.region);
  return table;
}

void check_restore_region(Call& call, std::string_view region) {
  if (is_own_region(call.context, region) || call.request.has("SSESpecificationOverride")) return;
  refuse("sseSpecificationOverride must be provided for cross-region restores");
}

void check_restore_target(Call& call) {
  const std::string name(call.request.required_text("TargetTableName"));
  const engine::TablePtr target = call.engine().find_table(name);
  if (target == nullptr) return;
  const std::optional<engine::RestoreOrigin>& restore = target->restore;
  if (!restore) throw core::ApiError(core::ErrorCode::kTableAlreadyExists, "Table already exists: " + name);
  const engine::RestoreOrigin& origin = *restore;
  throw core::ApiError(
      core::ErrorCode::kTableInUse,
      "Table: " + name + " is already being restored from " +
          (origin.backup_id.empty() ? "table: " + table_arn(call.context, origin.source_table)
                                    : "backup: " + backup_arn(call.context, origin.source_table, origin.backup_id)));
}

}  // namespace stator::api
