#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/table.h"

/// Tables with replicas (global tables, version 2019.11.21): the regions that a table is in. There is one set of items,
/// whatever region asks.
namespace stator::engine {

/// Makes `region`, which must be one of the table's, the home region: its settings stand in the table then, and those
/// that stood there in the former home's entry.
void move_home(Table& table, std::string_view region);

/// The region whose settings a request of `region` reads and changes: itself, or the home of a table that is not there.
std::string_view region_of(const Table& table, std::string_view region);

/// Makes the changes of status of regions whose time has come. A table with one region left has no replicas.
void settle_replicas(Table& table, std::int64_t now_ms);
/// When settle_replicas is to be called next; nullopt: never.
std::optional<std::int64_t> next_change_of_replicas(const Table& table);
/// Whether a region is being added or removed.
bool has_changing_replica(const Table& table);

/// Takes the region out at `until_ms`. If it is the home region, another one is from now on.
void begin_removal(Table& table, std::string_view region, std::int64_t until_ms);

/// For how many days changes must be kept, so that every region's point-in-time recovery has its own.
std::int64_t recovery_days_of_all(const Table& table);

/// Calls `visit(region, kinesis destinations)` for each region; for a table without replicas once, with no region.
template <class AnyTable, class Visit>
void for_each_region(AnyTable& table, const Visit& visit) {
  visit(std::string_view(table.home_region), table.kinesis);
  for (auto& replica : table.replicas) {
    if (replica.region != table.home_region) visit(std::string_view(replica.region), replica.settings.kinesis);
  }
}

/// The entry for an index of that name, which is made where there is none.
ReplicaIndex& index_entry(Replica& replica, std::string_view index_name);

}  // namespace stator::engine
