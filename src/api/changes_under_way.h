#pragma once

#include "engine/table.h"

/// Changes of a table that are refused while other ones are under way.
/// Source of the texts: the AWS controller for Kubernetes' measurements, October 2026.
namespace stator::api {

/// What a request asks for, as far as it may be refused so.
struct WantedChanges {
  bool throughput = false;  // provisioned, of the table or its indexes; or the billing mode
  bool stream = false;
  bool table_class = false;
  bool on_demand = false;
  bool indexes = false;  // one is created or deleted
  bool replicas = false;
};

/// Throws ResourceInUseException.
void check_changes_under_way(const WantedChanges& wanted, const engine::Table& table);

}  // namespace stator::api
