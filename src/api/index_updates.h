#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/members.h"
#include "api/vector_indexes.h"
#include "engine/table.h"

/// GlobalSecondaryIndexUpdates and VectorIndexUpdates of UpdateTable.
namespace stator::api {

/// One element of GlobalSecondaryIndexUpdates: exactly one of create, update and remove is set.
struct IndexUpdate {
  std::optional<Members> create;
  std::optional<Members> update;
  std::optional<Members> remove;
  std::string name;
};

struct IndexUpdates {
  std::vector<IndexUpdate> global;
  std::vector<VectorIndexUpdate> vector;
  [[nodiscard]] bool empty() const { return global.empty() && vector.empty(); }
  [[nodiscard]] bool creates() const;
  [[nodiscard]] bool removes() const;
};

/// Reads the lists, which are empty if the members are absent. Throws ValidationException if an element has no action
/// or several, or if two elements are for the same index.
IndexUpdates read_index_updates(const Members& request);

/// Whether provisioned or on-demand throughput of an index is changed. (While only warm throughput changes, an index
/// stays ACTIVE.)
[[nodiscard]] bool updates_throughput(const IndexUpdates& updates);

/// Throws ResourceInUseException if an index that is to be changed is being deleted, or created and not backfilling
/// yet.
void check_changed_indexes(const IndexUpdates& updates, const engine::Table& table);

/// The time of a request, and the time at which the changes it begins are done.
struct ChangeTimes {
  std::int64_t now_ms = 0;
  std::int64_t until_ms = 0;
};

/// Makes the changes in `table`, which must already have its new billing mode. Throws ValidationException,
/// ResourceNotFoundException, ResourceInUseException, LimitExceededException (one index at a time; decreases).
void apply_index_updates(const Members& request, const IndexUpdates& updates, engine::Table& table, ChangeTimes times);

}  // namespace stator::api
