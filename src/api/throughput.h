#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/members.h"
#include "engine/metering.h"
#include "engine/table.h"

/// ProvisionedThroughput, OnDemandThroughput and WarmThroughput of tables and global indexes: reading them under the
/// service's rules, and what a change of them does. `index` names the index in messages; empty for the table.
/// All throw ValidationException where nothing else is said.
namespace stator::api {

/// Units, read or write, of one table or global index, and of all tables of an account.
inline constexpr std::int64_t kMaxTableCapacityUnits = 40'000;
inline constexpr std::int64_t kMaxAccountCapacityUnits = 80'000;

/// ProvisionedThroughput within the service's bounds; nullopt where the member is absent.
std::optional<engine::Throughput> read_throughput(const Members& request);

/// Throws for a limit `name` of OnDemandThroughput that is not positive; `removable`: -1, which removes one, is
/// allowed.
void check_on_demand_limit(std::int64_t limit, const std::string& name, bool removable, std::string_view index);
/// OnDemandThroughput of a CreateTable request (or of a new index).
engine::ThroughputLimits read_on_demand(const Members& request, engine::BillingMode mode, std::string_view index);
/// An UpdateTable request's OnDemandThroughput merged over the present limits; -1, which removes a limit, is kept.
engine::ThroughputLimits merge_on_demand(const Members& request, engine::BillingMode mode,
                                         engine::ThroughputLimits present, std::string_view index);
/// The limits without those that are -1 (removed).
engine::ThroughputLimits without_removed(engine::ThroughputLimits limits);

/// WarmThroughput of a CreateTable request (or of a new index): not below what the billing mode starts with.
engine::ThroughputLimits read_warm(const Members& request, engine::BillingMode mode,
                                   const engine::Throughput& throughput, std::string_view index);
/// Throws where an element of `list` has WarmThroughput, which `operation` does not take there. Source: ScyllaDB
/// Alternator's tests of ImportTable, which are run against the service, and the API's model of November 2026.
void check_no_warm_indexes(const Members& request, std::string_view list, std::string_view operation);
/// An UpdateTable request's WarmThroughput merged over the present one; throws where it would decrease.
engine::ThroughputLimits merge_warm(const Members& request, engine::BillingMode mode,
                                    const engine::Throughput& throughput, const engine::ThroughputLimits& present,
                                    std::string_view index);

/// Throws LimitExceededException where the table's units or limits, or those of one of its indexes, are more than an
/// account has for one table and other than `before`'s (of no indexes for a new table).
void check_quotas(const engine::Table& before, const engine::Table& table, std::string_view region);

/// Throws where the units would not change.
void check_throughput_changes(const engine::Throughput& present, const engine::Throughput& wanted,
                              std::string_view index);
/// How often the units were decreased on the day (UTC) of `now_ms`.
std::int64_t decreases_today(const engine::Throughput& throughput, std::int64_t now_ms);
/// Sets the units, the times and the count of decreases; from on-demand billing, which has no units, nothing increases.
/// Throws LimitExceededException where the day's decreases are used up: four, then one an hour. Source: Developer
/// Guide, "Quotas in Amazon DynamoDB".
void change_throughput(engine::Throughput& present, const engine::Throughput& wanted, std::int64_t now_ms);

}  // namespace stator::api
