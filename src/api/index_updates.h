#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/members.h"
#include "engine/table.h"

/// GlobalSecondaryIndexUpdates of UpdateTable.
namespace stator::api {

/// One element: exactly one of the three is set.
struct IndexUpdate {
  std::optional<Members> create;
  std::optional<Members> update;
  std::optional<Members> remove;
  std::string name;
};

/// Reads the list, empty where the member is absent. Throws ValidationException: no action or several in one element,
/// two elements for one index.
std::vector<IndexUpdate> read_index_updates(const Members& request);

/// Makes the changes in `table`, which must have its new billing mode already. Throws ValidationException,
/// ResourceNotFoundException, ResourceInUseException, LimitExceededException (one index at a time; decreases).
void apply_index_updates(const Members& request, const std::vector<IndexUpdate>& updates, engine::Table& table,
                         std::int64_t now_ms);

}  // namespace stator::api
