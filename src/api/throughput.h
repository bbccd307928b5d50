#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/members.h"
#include "engine/metering.h"
#include "engine/table.h"

/// Reads and changes ProvisionedThroughput, OnDemandThroughput and WarmThroughput of tables and global indexes, under
/// the service's rules. `index`: the name of the index in messages; empty for the table. Unless stated otherwise all
/// throw ValidationException.
namespace stator::api {

/// The maximum of read or write units: for one table or global index, and for all tables of an account.
inline constexpr std::int64_t kMaxTableCapacityUnits = 40'000;
inline constexpr std::int64_t kMaxAccountCapacityUnits = 80'000;

/// Reads ProvisionedThroughput and checks the service's bounds; nullopt if the member is absent.
std::optional<engine::Throughput> read_throughput(const Members& request);

/// Throws if the limit `name` of OnDemandThroughput is not positive. `removable`: -1 is allowed, which removes the
/// limit.
void check_on_demand_limit(std::int64_t limit, const std::string& name, bool removable, std::string_view index);
/// Reads OnDemandThroughput of a CreateTable request or a new index.
engine::ThroughputLimits read_on_demand(const Members& request, engine::BillingMode mode, std::string_view index);
/// An UpdateTable request's OnDemandThroughput merged over the present limits; -1, which removes a limit, is kept.
engine::ThroughputLimits merge_on_demand(const Members& request, engine::BillingMode mode,
                                         engine::ThroughputLimits present, std::string_view index);
/// The limits without those that are -1 (removed).
engine::ThroughputLimits without_removed(engine::ThroughputLimits limits);

/// Reads WarmThroughput of a CreateTable request or a new index; throws if it is below what the billing mode starts
/// with.
engine::ThroughputLimits read_warm(const Members& request, engine::BillingMode mode,
                                   const engine::Throughput& throughput, std::string_view index);
/// Throws if an element of `list` has WarmThroughput, which `operation` does not accept there. Source: ScyllaDB
/// Alternator's tests of ImportTable, which are run against the service, and the API's model of November 2026.
void check_no_warm_indexes(const Members& request, std::string_view list, std::string_view operation);
/// An UpdateTable request's WarmThroughput merged over the present one; throws if that would be a decrease.
engine::ThroughputLimits merge_warm(const Members& request, engine::BillingMode mode,
                                    const engine::Throughput& throughput, const engine::ThroughputLimits& present,
                                    std::string_view index);

/// Throws LimitExceededException if units or limits of the table or one of its indexes exceed the account's maximum for
/// one table and differ from those of `before`, which is an empty table for a new one.
void check_quotas(const engine::Table& before, const engine::Table& table, std::string_view region);

/// Throws if the units would not change.
void check_throughput_changes(const engine::Throughput& present, const engine::Throughput& wanted,
                              std::string_view index);
/// How often the units were decreased on the UTC day of `now_ms`.
std::int64_t decreases_today(const engine::Throughput& throughput, std::int64_t now_ms);
/// Sets the units, the times and the count of decreases. A change from on-demand billing, which has no units, is not an
/// increase. Throws LimitExceededException if no decrease is left: there are four a day, then one an hour. Source:
/// Developer Guide, "Quotas in Amazon DynamoDB".
void change_throughput(engine::Throughput& present, const engine::Throughput& wanted, std::int64_t now_ms);

}  // namespace stator::api
