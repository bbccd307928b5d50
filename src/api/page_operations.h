#pragma once

#include <string>

#include "api/requests/page_requests.h"
#include "engine/engine.h"

/// Doing what a query or a scan asks for, whoever read it.
namespace stator::api {

/// A page that was read: its counts and where to go on.
struct PageResult {
  engine::TablePtr table;
  engine::Page page;
  /// Whether the reply has a LastEvaluatedKey: page.last_evaluated_key_json.
  bool more = false;
};
/// Looks the table up, holds the request against it, reads a page and appends its items to `items`, parted by commas
/// (nothing with Select=COUNT). Throws ApiError: ResourceNotFoundException, ValidationException.
PageResult run(const engine::Engine& engine, const Query& request, std::string& items);
PageResult run(const engine::Engine& engine, const Scan& request, std::string& items);
/// The same for those who have looked the table up already and write the items themselves.
PageResult run(const engine::Engine& engine, const engine::TablePtr& table, const Query& request,
               const engine::ItemSink& sink);
PageResult run(const engine::Engine& engine, const engine::TablePtr& table, const Scan& request,
               const engine::ItemSink& sink);

}  // namespace stator::api
