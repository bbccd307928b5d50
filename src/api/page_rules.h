#pragma once

#include "api/requests/page_requests.h"
#include "engine/engine.h"

/// Checks queries and scans against their tables.
namespace stator::api {

/// Makes the page that the engine is to read. The result points into the request, which must outlive it. Throws
/// ValidationException.
engine::PageRequest resolve(const engine::TablePtr& table, const Query& request);
engine::PageRequest resolve(const engine::TablePtr& table, const Scan& request);

/// Whether the page is a query of a table without a sort key. A partition is then one item, so there is no next page.
bool reads_one_item(const engine::PageRequest& page);

}  // namespace stator::api
