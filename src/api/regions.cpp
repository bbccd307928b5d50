#include "api/regions.h"

#include <optional>
#include <string>
#include <utility>

#include "engine/replicas.h"

namespace stator::api {
namespace {

using Units = std::optional<std::int64_t>;

/// The home region's own value, else that of all; leaves with each region the value that differs from that.
Units show_units(const Units& of_all, const std::function<Units&(engine::Replica&)>& own, engine::Table& table) {
  engine::Replica* const home = table.replica(table.home_region);
  const Units shown = home != nullptr && own(*home) ? own(*home) : of_all;
  for (engine::Replica& replica : table.replicas) {
    Units& units = own(replica);
    if (!units) units = of_all;
    if (units == shown) units.reset();
  }
  return shown;
}

/// The capacity of the home region, and of the others where they have another.
void show_capacity(engine::Table& table) {
  for (engine::Replica& replica : table.replicas) {
    for (const engine::Index& index : table.indexes) {
      if (index.global) engine::index_entry(replica, index.name);
    }
  }
  const bool provisioned = table.billing_mode == engine::BillingMode::kProvisioned;
  const auto show = [&](engine::Throughput& throughput, engine::ThroughputLimits& on_demand,
                        const std::function<Units&(engine::Replica&)>& provisioned_units,
                        const std::function<Units&(engine::Replica&)>& on_demand_units) {
    const Units units = show_units(throughput.read_units, provisioned_units, table);
    if (provisioned) throughput.read_units = units.value_or(0);
    on_demand.read_units = show_units(on_demand.read_units, on_demand_units, table);
  };
  show(
      table.throughput, table.on_demand, [](engine::Replica& replica) -> Units& { return replica.read_units; },
      [](engine::Replica& replica) -> Units& { return replica.max_read_units; });
  for (engine::Index& index : table.indexes) {
    if (!index.global) continue;
    show(
        index.throughput, index.on_demand,
        [&](engine::Replica& replica) -> Units& { return engine::index_entry(replica, index.name).read_units; },
        [&](engine::Replica& replica) -> Units& { return engine::index_entry(replica, index.name).max_read_units; });
  }
}

/// The change made with the settings of the request's region in their places.
std::function<void(engine::Table&)> in_region(const Call& call, const std::function<void(engine::Table&)>& change) {
  return [&call, &change](engine::Table& table) {
    if (table.replicas.empty()) return change(table);
    const std::string home = table.home_region;
    engine::move_home(table, engine::region_of(table, call.context.region));
    change(table);
    engine::move_home(table, home);
  };
}

}  // namespace

engine::TablePtr view_of(const Call& call, engine::TablePtr table) {
  if (table == nullptr || table->replicas.empty()) return table;
  auto view = std::make_shared<engine::Table>(*table);
  engine::move_home(*view, engine::region_of(*view, call.context.region));
  const engine::Replica* const home = view->replica(view->home_region);
  const bool whole = home == nullptr || home->status == engine::TableStatus::kActive;
  if (!whole && view->status != engine::TableStatus::kDeleting) view->status = home->status;
  show_capacity(*view);
  if (view->before == nullptr) return view;
  auto before = std::make_shared<engine::Table>(*view->before);
  engine::move_home(*before, view->home_region);
  show_capacity(*before);
  view->before = std::move(before);
  return view;
}

engine::TablePtr find_table(const Call& call, std::string_view name) {
  return view_of(call, call.engine().find_table(name));
}

engine::TablePtr annotate_table(const Call& call, std::string_view name,
                                const std::function<void(engine::Table&)>& change) {
  return view_of(call, call.engine().annotate_table(name, in_region(call, change)));
}

engine::TablePtr update_table(const Call& call, std::string_view name,
                              const std::function<void(engine::Table&)>& change, const engine::UpdateScopeOf& scope) {
  const auto scope_in_region = [&](const engine::Table& present) {
    if (present.replicas.empty()) return scope(present);
    engine::Table moved = present;
    engine::move_home(moved, engine::region_of(moved, call.context.region));
    return scope(moved);
  };
  return view_of(call, call.engine().update_table(name, in_region(call, change), scope_in_region));
}

}  // namespace stator::api
