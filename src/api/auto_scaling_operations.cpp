#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/operations.h"
#include "api/regions.h"
#include "api/reply.h"
#include "api/table_description.h"
#include "core/api_error.h"
#include "core/random.h"
#include "engine/replicas.h"

/// DescribeTableReplicaAutoScaling, UpdateTableReplicaAutoScaling: the settings by which application auto scaling would
/// change the capacity of a table with replicas. They are stored and shown; nothing is scaled. Source of states and
/// texts: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

using core::throw_validation;
using engine::AutoScaling;

namespace {

/// The end of messages that the service passes on from application auto scaling.
std::string through_auto_scaling() {
  return " (Service: AWSApplicationAutoScaling; Status Code: 400; Error Code: ValidationException; Request ID: " +
         core::random_uuid() + "; Proxy: null)";
}

/// The table, which must have replicas.
engine::TablePtr find_global_table(const Call& call) {
  const std::string_view name = table_name(call.request);
  engine::TablePtr table = find_table(call, name);
  if (table == nullptr || table->replicas.empty()) {
    core::throw_resource_not_found("Global table with name: '" + std::string(name) + "' does not exist.");
  }
  return table;
}

std::string role_arn(const Call& call) {
  return "arn:aws:iam::" + call.context.account_id +
         ":role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
         "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable";
}

// --- describing

void write_scaling(const Call& call, ObjectWriter& writer, std::string_view name, const engine::Table& table,
                   const std::optional<AutoScaling>& scaling) {
  ObjectWriter settings(writer.key(name));
  if (scaling) {
    settings.integer("MinimumUnits", scaling->minimum);
    settings.integer("MaximumUnits", scaling->maximum);
  }
  if (!scaling || table.billing_mode == engine::BillingMode::kPayPerRequest) {
    settings.flag("AutoScalingDisabled", true);
  }
  if (scaling) settings.text("AutoScalingRoleArn", role_arn(call));
  ArrayWriter policies(settings.key("ScalingPolicies"));
  if (scaling) {
    ObjectWriter policy(policies.element());
    policy.text("PolicyName", scaling->policy_name);
    ObjectWriter configuration(policy.key("TargetTrackingScalingPolicyConfiguration"));
    if (scaling->disable_scale_in) configuration.flag("DisableScaleIn", *scaling->disable_scale_in);
    if (scaling->scale_in_cooldown) configuration.integer("ScaleInCooldown", *scaling->scale_in_cooldown);
    if (scaling->scale_out_cooldown) configuration.integer("ScaleOutCooldown", *scaling->scale_out_cooldown);
    append_real(scaling->target, configuration.key("TargetValue"));
    configuration.end();
    policy.end();
  }
  policies.end();
  settings.end();
}

void write_indexes(const Call& call, ObjectWriter& writer, const engine::Table& table, const engine::Replica& replica) {
  ArrayWriter list(writer.key("GlobalSecondaryIndexes"));
  for (const engine::Index& index : table.indexes) {
    if (!index.global || index.status == engine::TableStatus::kCreating) continue;
    const auto own = std::ranges::find(replica.indexes, index.name, &engine::ReplicaIndex::name);
    ObjectWriter entry(list.element());
    entry.text("IndexName", index.name);
    entry.text("IndexStatus", status_name(index.status));
    write_scaling(call, entry, "ProvisionedReadCapacityAutoScalingSettings", table,
                  own == replica.indexes.end() ? std::nullopt : own->read_scaling);
    write_scaling(call, entry, "ProvisionedWriteCapacityAutoScalingSettings", table, index.write_scaling);
    entry.end();
  }
  list.end();
}

void append_description(const Call& call, const engine::Table& table) {
  ObjectWriter writer(call.reply);
  ObjectWriter description(writer.key("TableAutoScalingDescription"));
  description.text("TableName", table.name);
  description.text("TableStatus", status_name(table.status));
  std::vector<const engine::Replica*> replicas;
  for (const engine::Replica& replica : table.replicas) replicas.push_back(&replica);
  std::ranges::sort(replicas, {}, &engine::Replica::region);
  ArrayWriter list(description.key("Replicas"));
  for (const engine::Replica* replica : replicas) {
    ObjectWriter entry(list.element());
    entry.text("RegionName", replica->region);
    write_indexes(call, entry, table, *replica);
    write_scaling(call, entry, "ReplicaProvisionedReadCapacityAutoScalingSettings", table, replica->read_scaling);
    write_scaling(call, entry, "ReplicaProvisionedWriteCapacityAutoScalingSettings", table, table.write_scaling);
    entry.text("ReplicaStatus", status_name(replica->status));
    entry.end();
  }
  list.end();
  description.end();
  writer.end();
}

// --- updating

enum class Capacity : std::uint8_t { kRead, kWrite };

/// One AutoScalingSettingsUpdate, and what it is for.
struct ScalingUpdate {
  Capacity capacity = Capacity::kRead;
  std::string region;                  // of a read capacity
  std::string index;                   // empty: of the table
  std::optional<AutoScaling> scaling;  // nullopt: auto scaling is disabled
  std::string_view parameter;          // the name that the service uses when it refuses the update for on-demand
                                       // billing
};

std::string in_quotes(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

/// The number as Java writes a double of this size.
std::string number_text(double number) {
  std::string text;
  append_real(number, text);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

class ScalingReader {
 public:
  ScalingReader(const Call& call, std::string_view table) : call_(call), table_(table) {}

  /// Reads the settings in the member `name` of `parent`; does nothing if it is absent.
  void read(const Members& parent, std::string_view name, ScalingUpdate update) {
    const auto object = parent.object(name);
    if (!object) return;
    const Members settings(*object);
    std::vector<std::string> missing;
    std::vector<std::string> given;
    for (const char* member : {"MaximumUnits", "ScalingPolicyUpdate", "MinimumUnits"}) {
      (settings.has(member) ? given : missing).emplace_back(member);
    }
    const std::string quoted = "‘" + table_ + "’";
    if (settings.flag("AutoScalingDisabled")) {
      if (!given.empty()) {
        throw_validation("Failed to update settings for global table with name " + quoted + ": Parameters " +
                         in_quotes(given) + " must be left blank when disabling auto scaling.");
      }
    } else {
      if (!missing.empty()) {
        throw_validation("Failed to update settings for global table with name: " + quoted + ": Parameters " +
                         in_quotes(missing) + " are required unless auto scaling is being disabled.");
      }
      update.scaling = read_scaling(settings, update);
    }
    updates_.push_back(std::move(update));
  }

  std::vector<ScalingUpdate> take() { return std::move(updates_); }

 private:
  AutoScaling read_scaling(const Members& settings, const ScalingUpdate& update) const {
    const std::string kind = update.capacity == Capacity::kRead ? "Read" : "Write";
    AutoScaling scaling;
    scaling.minimum = settings.integer("MinimumUnits").value_or(1);
    scaling.maximum = settings.integer("MaximumUnits").value_or(1);
    if (scaling.maximum < scaling.minimum) {
      throw_validation("Maximum capacity cannot be less than minimum capacity" + through_auto_scaling());
    }
    const auto role = settings.text("AutoScalingRoleArn");
    if (role && *role != role_arn(call_)) {
      throw_validation("User: arn:aws:iam::" + call_.context.account_id +
                       ":root is not authorized to perform: iam:PassRole on resource: " + std::string(*role) +
                       " because no identity-based policy allows the iam:PassRole action" + through_auto_scaling());
    }
    const Members policy(settings.required_object("ScalingPolicyUpdate"));
    scaling.policy_name = policy.text("PolicyName")
                              .value_or("DynamoDB" + kind + "CapacityUtilization:table/" + table_ +
                                        (update.index.empty() ? "" : "/index/" + update.index));
    const Members target(policy.required_object("TargetTrackingScalingPolicyConfiguration"));
    if (target.has("DisableScaleIn")) scaling.disable_scale_in = target.flag("DisableScaleIn");
    scaling.scale_in_cooldown = target.integer("ScaleInCooldown");
    scaling.scale_out_cooldown = target.integer("ScaleOutCooldown");
    scaling.target = read_target(target, kind);
    return scaling;
  }

  static double read_target(const Members& configuration, const std::string& kind) {
    constexpr double kLeast = 10;
    constexpr double kMost = 90;
    json::Value value;
    double target = 0;
    const bool given = json::find_member(configuration.json(), "TargetValue", value);
    if (!given || value.get(target) != simdjson::SUCCESS) core::throw_serialization("Unexpected field type");
    if (target <= 0 || !std::isfinite(target)) {
      throw_validation(
          "For target tracking scaling, target value must be between '8.51592E-109' and '1.174271E108', but was '" +
          number_text(target) + "'." + through_auto_scaling());
    }
    if (target < kLeast || target > kMost) {
      throw_validation("For predefined metric type DynamoDB" + kind +
                       "CapacityUtilization, target value must be between '10.0' and '90.0', but was '" +
                       number_text(target) + "'." + through_auto_scaling());
    }
    return target;
  }

  const Call& call_;
  const std::string table_;
  std::vector<ScalingUpdate> updates_;
};

[[noreturn]] void refuse(std::string_view table, const std::string& why) {
  throw_validation("Failed to update settings for global table with name: ‘" + std::string(table) + "’ because " + why);
}

std::vector<ScalingUpdate> read_updates(const Call& call, const engine::Table& table) {
  const Members& request = call.request;
  ScalingReader reader(call, table.name);
  reader.read(request, "ProvisionedWriteCapacityAutoScalingUpdate",
              {.capacity = Capacity::kWrite,
               .region = {},
               .index = {},
               .scaling = {},
               .parameter = "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate"});
  if (const auto indexes = request.array("GlobalSecondaryIndexUpdates")) {
    for (const auto element : *indexes) {
      const Members index(element.get_object());
      reader.read(index, "ProvisionedWriteCapacityAutoScalingUpdate",
                  {.capacity = Capacity::kWrite,
                   .region = {},
                   .index = std::string(index.text("IndexName").value_or("")),
                   .scaling = {},
                   .parameter = "GlobalTableGlobalSecondaryIndexSettingsUpdate"});
    }
  }
  const auto replicas = request.array("ReplicaUpdates");
  if (!replicas && !request.has("ProvisionedWriteCapacityAutoScalingUpdate") &&
      !request.has("GlobalSecondaryIndexUpdates")) {
    refuse(table.name, "at least one update parameter must be specified.");
  }
  if (!replicas) return reader.take();
  std::set<std::string_view> seen;
  for (const auto element : *replicas) {
    const Members replica(element.get_object());
    const std::string region(replica.required_text("RegionName"));
    if (!seen.insert(replica.required_text("RegionName")).second) {
      refuse(table.name, "the regions: ‘[" + region + "]’ were specified more than once.");
    }
    if (!replica.has("ReplicaProvisionedReadCapacityAutoScalingUpdate") &&
        !replica.has("ReplicaGlobalSecondaryIndexUpdates")) {
      refuse(table.name, "at least one update parameter must be specified for region: ‘" + region + "’.");
    }
    reader.read(replica, "ReplicaProvisionedReadCapacityAutoScalingUpdate",
                {.capacity = Capacity::kRead,
                 .region = region,
                 .index = {},
                 .scaling = {},
                 .parameter = "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate"});
    const auto indexes = replica.array("ReplicaGlobalSecondaryIndexUpdates");
    if (!indexes) continue;
    for (const auto index_element : *indexes) {
      const Members index(index_element.get_object());
      reader.read(index, "ProvisionedReadCapacityAutoScalingUpdate",
                  {.capacity = Capacity::kRead,
                   .region = region,
                   .index = std::string(index.text("IndexName").value_or("")),
                   .scaling = {},
                   .parameter = "ReplicaGlobalSecondaryIndexSettingsUpdate"});
    }
  }
  return reader.take();
}

/// Throws if a table with on-demand billing is to be scaled.
void check_billing_mode(const std::vector<ScalingUpdate>& updates, const engine::Table& table) {
  if (table.billing_mode == engine::BillingMode::kProvisioned) return;
  std::vector<std::string> regions;
  for (const engine::Replica& replica : table.replicas) {
    std::string& region = regions.emplace_back(replica.region);
    std::ranges::transform(region, region.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  }
  std::ranges::sort(regions);
  for (const ScalingUpdate& update : updates) {
    if (!update.scaling) continue;
    throw_validation("Failed to update global table with name ‘" + table.name + "‘. Replicas " + in_quotes(regions) +
                     " BillingMode is PayPerRequest. You must convert table's BillingMode to PROVISIONED to set "
                     "parameters: '" +
                     std::string(update.parameter) + "'.");
  }
}

/// The settings that an update changes. Throws ResourceNotFoundException.
std::optional<AutoScaling>& find_scaling(engine::Table& table, const ScalingUpdate& update) {
  engine::Replica* const replica = table.replica(update.region);
  if (update.capacity == Capacity::kRead && replica == nullptr) {
    core::throw_resource_not_found("Replica of global table with name: '" + table.name +
                                   "' does not exist in region: '" + update.region + "'.");
  }
  if (update.index.empty()) return update.capacity == Capacity::kRead ? replica->read_scaling : table.write_scaling;
  const auto index = std::ranges::find_if(table.indexes, [&](const engine::Index& candidate) {
    return candidate.global && candidate.name == update.index && candidate.status != engine::TableStatus::kCreating;
  });
  if (index == table.indexes.end()) {
    core::throw_resource_not_found("Requested resource not found: Index: " + update.index +
                                   " not found for table: " + table.name);
  }
  return update.capacity == Capacity::kRead ? engine::index_entry(*replica, update.index).read_scaling
                                            : index->write_scaling;
}

}  // namespace

void describe_table_replica_auto_scaling(Call& call) { append_description(call, *find_global_table(call)); }

void update_table_replica_auto_scaling(Call& call) {
  const engine::TablePtr before = find_global_table(call);
  const std::vector<ScalingUpdate> updates = read_updates(call, *before);
  check_billing_mode(updates, *before);
  call.engine().annotate_table(before->name, [&](engine::Table& table) {
    for (const ScalingUpdate& update : updates) find_scaling(table, update) = update.scaling;
  });
  // The service's reply has the settings from before the update.
  append_description(call, *before);
}

}  // namespace stator::api
