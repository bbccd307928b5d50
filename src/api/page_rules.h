#pragma once

#include "api/requests/page_requests.h"
#include "engine/engine.h"

/// Queries and scans, held against their tables.
namespace stator::api {

/// What the engine is to read. Points into the request, which must outlive it. Throws ValidationException.
engine::PageRequest resolve(const engine::TablePtr& table, const Query& request);
engine::PageRequest resolve(const engine::TablePtr& table, const Scan& request);

/// A query of a table without sort key: its partition is one item, after which there is nothing to go on with.
bool reads_one_item(const engine::PageRequest& page);

}  // namespace stator::api
