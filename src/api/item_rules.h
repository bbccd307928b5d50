#pragma once

#include <string>
#include <vector>

#include "api/requests/item_requests.h"
#include "engine/engine.h"

/// Checks requests on items against their tables. All throw ValidationException.
namespace stator::api {

/// Makes the engine's action: encodes the key, and checks the expressions against the table's schema and indexes. The
/// result points into the request, which must outlive it.
engine::WriteAction resolve(const engine::TablePtr& table, const PutItem& request, Place place = Place::kOperation);
engine::WriteAction resolve(const engine::TablePtr& table, const DeleteItem& request);
engine::WriteAction resolve(const engine::TablePtr& table, const UpdateItem& request, Place place = Place::kOperation);
engine::WriteAction resolve(const engine::TablePtr& table, const ConditionCheck& request);
/// Throws if an update whose expression counts towards the item size (statement_is_limited) is larger than an item may
/// be. Part of resolving an UpdateItem; in a transaction this is a fault of the whole request.
void check_statement_size(const UpdateItem& request);
/// The key that the request reads.
engine::Key resolve(const engine::Table& table, const GetItem& request);

/// Throws if a path of the projection or condition leads into a key attribute of the table or of an index ("Key
/// attributes must be scalars; …").
void check_key_paths(const engine::Table& table, const std::vector<expression::Path>& paths);
void check_key_paths(const engine::Table& table, const std::optional<expression::Condition>& condition);

}  // namespace stator::api
