#pragma once

#include <functional>
#include <string_view>

#include "api/call.h"

/// Tables with replicas as a request's region sees them: with its own settings, and the others as replicas. A request
/// of a region that the table is not in sees it as the table's home region does.
namespace stator::api {

/// The table as the request's region sees it; null where there is none. One without replicas is as it is.
engine::TablePtr find_table(const Call& call, std::string_view name);
engine::TablePtr view_of(const Call& call, engine::TablePtr table);

/// Engine::annotate_table and Engine::update_table with the settings of the request's region in their places. Return
/// the table as that region sees it.
engine::TablePtr annotate_table(const Call& call, std::string_view name,
                                const std::function<void(engine::Table&)>& change);
engine::TablePtr update_table(const Call& call, std::string_view name,
                              const std::function<void(engine::Table&)>& change, const engine::UpdateScopeOf& scope);

}  // namespace stator::api
