#pragma once

#include "engine/table.h"

/// Refuses changes of a table while others are under way.
/// Source of the texts: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

/// The changes that a request asks for, as far as they may be refused.
struct WantedChanges {
  bool throughput = false;  // provisioned, of the table or its indexes; or the billing mode
  bool stream = false;
  bool table_class = false;
  bool on_demand = false;
  bool indexes = false;  // an index is created or deleted
  bool replicas = false;
};

/// Throws ResourceInUseException.
void check_changes_under_way(const WantedChanges& wanted, const engine::Table& table);

}  // namespace stator::api
