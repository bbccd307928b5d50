#pragma once

#include <string>

#include "api/requests/page_requests.h"
#include "engine/engine.h"

/// Runs typed queries and scans.
namespace stator::api {

/// The result of reading a page: its counts, and where the next one starts.
struct PageResult {
  engine::TablePtr table;
  engine::Page page;
  /// Whether the reply has a LastEvaluatedKey: page.last_evaluated_key_json.
  bool more = false;
};
/// Looks up the table, checks the request against it, reads a page and appends its items to `items`, separated by
/// commas (none with Select=COUNT). Throws ApiError: ResourceNotFoundException, ValidationException.
PageResult run(const engine::Engine& engine, const Query& request, std::string& items);
PageResult run(const engine::Engine& engine, const Scan& request, std::string& items);
/// The same for a table that was already looked up; `sink` gets the items.
PageResult run(const engine::Engine& engine, const engine::TablePtr& table, const Query& request,
               const engine::ItemSink& sink);
PageResult run(const engine::Engine& engine, const engine::TablePtr& table, const Scan& request,
               const engine::ItemSink& sink);

}  // namespace stator::api
