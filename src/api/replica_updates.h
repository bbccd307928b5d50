#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

/// ReplicaUpdates and GlobalTableWitnessUpdates of UpdateTable (global tables, version 2019.11.21). Source of rules and
/// texts: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

enum class ReplicaAction : std::uint8_t { kCreate, kUpdate, kDelete, kDisassociate };

/// The settings that a Create or Update gives only the region.
struct ReplicaOverrides {
  struct Units {
    std::optional<std::int64_t> provisioned;
    std::optional<std::int64_t> on_demand;
    [[nodiscard]] bool given() const { return provisioned || on_demand; }
  };
  Units units;
  std::vector<std::pair<std::string, Units>> indexes;  // by name
  std::optional<std::string> kms_key;
  std::optional<std::string> table_class;
};

struct ReplicaUpdate {
  ReplicaAction action = ReplicaAction::kCreate;
  std::string region;
  ReplicaOverrides overrides;
};

/// The changes of a table's regions in one request.
struct ReplicaUpdates {
  std::vector<ReplicaUpdate> replicas;  // without repetitions, except of Updates
  std::string created_witness;          // region
  std::string deleted_witness;          // region
  std::optional<std::string_view> consistency;
  [[nodiscard]] bool empty() const { return replicas.empty(); }
};

/// Reads the changes and makes the checks that need no table. Throws ValidationException.
ReplicaUpdates read_replica_updates(const Call& call);

/// Makes the checks that the service makes before it looks at the table's state. Throws ValidationException,
/// ResourceInUseException.
void check_replica_updates(const Call& call, const ReplicaUpdates& updates, const engine::Table& table);

/// Makes the changes, with all checks. Throws ValidationException, ResourceInUseException.
void apply_replica_updates(const Call& call, const ReplicaUpdates& updates, engine::Table& table);

/// Throws if the region cannot be removed from the table: another region was added in it less than a day ago, it has
/// deletion protection, or the table is strongly consistent.
void check_removable(const Call& call, const engine::Table& table, std::string_view region);

}  // namespace stator::api
