#pragma once

#include "api/requests/page_requests.h"
#include "engine/engine.h"

/// Checks queries and scans against their tables.
namespace stator::api {

/// The page for the engine to read. Points into the request, which must outlive it. Throws ValidationException.
engine::PageRequest resolve(const engine::TablePtr& table, const Query& request);
engine::PageRequest resolve(const engine::TablePtr& table, const Scan& request);

/// A query of a table without sort key: its partition is one item, so that there is no next page.
bool reads_one_item(const engine::PageRequest& page);

}  // namespace stator::api
