#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

/// ReplicaUpdates and GlobalTableWitnessUpdates of UpdateTable (global tables, version 2019.11.21). Source of rules and
/// words: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

enum class ReplicaAction : std::uint8_t { kCreate, kUpdate, kDelete, kDisassociate };

/// What a Create or Update asks for the region alone.
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

/// One request's changes of a table's regions.
struct ReplicaUpdates {
  std::vector<ReplicaUpdate> replicas;  // each Create once
  std::string created_witness;          // region
  std::string deleted_witness;          // region
  std::optional<std::string_view> consistency;
  [[nodiscard]] bool empty() const { return replicas.empty(); }
};

/// Reads them, and refuses what can be judged without the table. Throws ValidationException.
ReplicaUpdates read_replica_updates(const Call& call);

/// What the service judges before it looks at the table's state. Throws ValidationException.
void check_replica_updates(const Call& call, const ReplicaUpdates& updates, const engine::Table& table);

/// Makes the changes. Throws ValidationException.
void apply_replica_updates(const Call& call, const ReplicaUpdates& updates, engine::Table& table);

/// Throws where the region cannot be taken out of the table: it added another one less than a day ago, it is protected
/// against deletion, or its table is strongly consistent.
void check_removable(const Call& call, const engine::Table& table, std::string_view region);

}  // namespace stator::api
