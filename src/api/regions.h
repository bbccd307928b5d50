#pragma once

#include <functional>
#include <string_view>

#include "api/call.h"

/// Tables with replicas as seen by the region of a request: with its own settings, and the other regions as replicas. A
/// request to a region that the table is not in sees it as the table's home region does.
namespace stator::api {

/// Whether less than a third of the transition delay has passed since the region began to be added or removed. During
/// that time a region that is being added is not listed, and one that is being removed is still ACTIVE, as at the
/// service for the first seconds. Source: the AWS controller for Kubernetes' measurements, October 2026.
bool has_just_begun(const Call& call, const engine::Replica& replica);
/// The region that is being added to the table and is already listed; null if there is none.
const engine::Replica* region_being_added(const Call& call, const engine::Table& table);
/// Throws ValidationException while a region is being added, for changes that the service refuses then.
void check_no_region_being_added(const Call& call, const engine::Table& table);

/// The table as the request's region sees it; null if there is none. A table without replicas is returned unchanged.
engine::TablePtr find_table(const Call& call, std::string_view name);
engine::TablePtr view_of(const Call& call, engine::TablePtr table);

/// Call Engine::annotate_table or Engine::update_table with the settings of the request's region in the members of
/// Table. Return the table as that region sees it.
engine::TablePtr annotate_table(const Call& call, std::string_view name,
                                const std::function<void(engine::Table&)>& change);
engine::TablePtr update_table(const Call& call, std::string_view name,
                              const std::function<void(engine::Table&)>& change, const engine::UpdateScopeOf& scope);

}  // namespace stator::api
