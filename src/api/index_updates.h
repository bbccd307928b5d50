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

/// One element of the first: exactly one of the three is set.
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

/// Reads the lists, empty where the members are absent. Throws ValidationException: no action or several in one
/// element, two elements for one index.
IndexUpdates read_index_updates(const Members& request);

/// Whether more is changed than warm throughput, of which an index stays ACTIVE.
[[nodiscard]] bool updates_throughput(const IndexUpdates& updates);

/// Throws ResourceInUseException where an index that is to be changed is being created or deleted.
void check_changed_indexes(const IndexUpdates& updates, const engine::Table& table);

/// When a request is made, and when what it begins is done.
struct ChangeTimes {
  std::int64_t now_ms = 0;
  std::int64_t until_ms = 0;
};

/// Makes the changes in `table`, which must have its new billing mode already. Throws ValidationException,
/// ResourceNotFoundException, ResourceInUseException, LimitExceededException (one index at a time; decreases).
void apply_index_updates(const Members& request, const IndexUpdates& updates, engine::Table& table, ChangeTimes times);

}  // namespace stator::api
