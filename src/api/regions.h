#pragma once

#include <functional>
#include <string_view>

#include "api/call.h"

/// Tables with replicas as a request's region sees them: with its own settings, and the others as replicas. A request
/// of a region that the table is not in sees it as the table's home region does.
namespace stator::api {

/// Whether it is for less than a third of the transition delay that the region is being added or removed. One that is
/// being added is not listed so long, and one that is being removed still ACTIVE, as at the service for the first
/// seconds. Source: the AWS controller for Kubernetes' measurements, October 2026.
bool has_just_begun(const Call& call, const engine::Replica& replica);
/// The region that is being added to the table, and is listed; null where none is.
const engine::Replica* region_being_added(const Call& call, const engine::Table& table);
/// Throws ValidationException where the service waits for a region that is being added.
void check_no_region_being_added(const Call& call, const engine::Table& table);

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
