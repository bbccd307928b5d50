#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/table.h"

/// Tables with replicas (global tables, version 2019.11.21): the regions that a table is in. All regions share one set
/// of items.
namespace stator::engine {

/// Makes `region` the home region: moves its settings into the table's members, and those of the former home region
/// into that region's entry. Does nothing if the table is not in `region`.
void move_home(Table& table, std::string_view region);

/// The region whose settings a request to `region` reads and changes: `region` itself or, if the table is not there,
/// its home region.
std::string_view region_of(const Table& table, std::string_view region);

/// Makes the changes of status of regions that are due. A table with only one region left loses its replicas.
void settle_replicas(Table& table, std::int64_t now_ms);
/// The time at which settle_replicas has something to do next; nullopt: never.
std::optional<std::int64_t> next_change_of_replicas(const Table& table);
/// Whether a region is being added or removed.
bool has_changing_replica(const Table& table);

/// Marks the region as DELETING until `until_ms`. If it is the home region, makes another one the home region.
void begin_removal(Table& table, std::string_view region, std::int64_t until_ms);

/// The number of days for which changes must be kept: the greatest of all regions' point-in-time recoveries.
std::int64_t recovery_days_of_all(const Table& table);

/// Calls `visit(region, kinesis destinations)` for each region; for a table without replicas once, with an empty
/// region.
template <class AnyTable, class Visit>
void for_each_region(AnyTable& table, const Visit& visit) {
  visit(std::string_view(table.home_region), table.kinesis);
  for (auto& replica : table.replicas) {
    if (replica.region != table.home_region) visit(std::string_view(replica.region), replica.settings.kinesis);
  }
}

/// The replica's entry for an index; made if it does not exist.
ReplicaIndex& index_entry(Replica& replica, std::string_view index_name);

}  // namespace stator::engine
