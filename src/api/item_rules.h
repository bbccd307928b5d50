#pragma once

#include <string>
#include <vector>

#include "api/requests/item_requests.h"
#include "engine/engine.h"

/// Checks requests on items against their tables. All throw ValidationException.
namespace stator::api {

/// The action for the engine: the request with its key encoded and its expressions checked against the table's schema
/// and indexes. Points into the request, which must outlive it.
engine::WriteAction resolve(const engine::TablePtr& table, const PutItem& request, Place place = Place::kOperation);
engine::WriteAction resolve(const engine::TablePtr& table, const DeleteItem& request);
engine::WriteAction resolve(const engine::TablePtr& table, const UpdateItem& request, Place place = Place::kOperation);
engine::WriteAction resolve(const engine::TablePtr& table, const ConditionCheck& request);
/// Throws where an update that counts its own statement writes more than an item may hold. Part of the resolving of an
/// UpdateItem; a transaction's is a fault of the whole request.
void check_statement_size(const UpdateItem& request);
/// The key that the request reads.
engine::Key resolve(const engine::Table& table, const GetItem& request);

/// Throws where a path of the projection or condition goes into a key attribute of the table or of an index ("Key
/// attributes must be scalars; …").
void check_key_paths(const engine::Table& table, const std::vector<expression::Path>& paths);
void check_key_paths(const engine::Table& table, const std::optional<expression::Condition>& condition);

}  // namespace stator::api
