#include "api/regions.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/api_error.h"
#include "engine/replicas.h"

namespace stator::api {
namespace {

using Units = std::optional<std::int64_t>;

/// Returns the home region's own value or, if it has none, that of all regions. Sets the value of each region if it
/// differs from the returned one, and clears it otherwise.
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

/// Shows the capacity of the home region, and that of other regions if it differs.
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

bool is_unlisted(const Call& call, const engine::Replica& replica) {
  return replica.status == engine::TableStatus::kCreating && has_just_begun(call, replica);
}

/// The region whose settings the request reads and changes.
std::string_view seen_region(const Call& call, const engine::Table& table) {
  const engine::Replica* const own = table.replica(call.context.region);
  return own == nullptr || is_unlisted(call, *own) ? std::string_view(table.home_region) : own->region;
}

/// The status of a table whose home region is not being added or removed: ACTIVE even while another region is being
/// removed, after its first moments.
engine::TableStatus status_beside_others(const Call& call, const engine::Table& table) {
  const bool leaves = std::ranges::any_of(table.replicas, [&](const engine::Replica& replica) {
    return replica.status == engine::TableStatus::kDeleting && !has_just_begun(call, replica);
  });
  return leaves && table.status == engine::TableStatus::kUpdating ? engine::TableStatus::kActive : table.status;
}

/// Shows the statuses of the table and its regions as the home region sees them.
void show_statuses(const Call& call, engine::Table& table) {
  std::erase_if(table.replicas, [&](const engine::Replica& replica) { return is_unlisted(call, replica); });
  const engine::Replica* const home = table.replica(table.home_region);
  const bool whole = home == nullptr || home->status == engine::TableStatus::kActive;
  if (table.status == engine::TableStatus::kDeleting) return;
  if (whole) {
    table.status = status_beside_others(call, table);
  } else if (home->status != engine::TableStatus::kDeleting || !has_just_begun(call, *home)) {
    table.status = home->status;
  }
  if (table.status == engine::TableStatus::kCreating) {
    table.stream_view_type.clear();
    table.stream_label.clear();
  }
  for (engine::Replica& replica : table.replicas) {
    const bool leaves = replica.status == engine::TableStatus::kDeleting;
    if (leaves && has_just_begun(call, replica)) replica.status = engine::TableStatus::kActive;
  }
}

/// Makes `change` with the settings of the request's region in the members of Table.
std::function<void(engine::Table&)> in_region(const Call& call, const std::function<void(engine::Table&)>& change) {
  return [&call, &change](engine::Table& table) {
    if (table.replicas.empty()) return change(table);
    const std::string home = table.home_region;
    engine::move_home(table, seen_region(call, table));
    change(table);
    engine::move_home(table, home);
  };
}

}  // namespace

bool has_just_begun(const Call& call, const engine::Replica& replica) {
  const std::int64_t delay_ms = call.engine().transition_delay_ms();
  return call.engine().clock().now_ms() < replica.status_until_ms - delay_ms + delay_ms / 3;
}

const engine::Replica* region_being_added(const Call& call, const engine::Table& table) {
  const auto found = std::ranges::find_if(table.replicas, [&](const engine::Replica& replica) {
    return replica.status == engine::TableStatus::kCreating && !has_just_begun(call, replica);
  });
  return found == table.replicas.end() ? nullptr : &*found;
}

void check_no_region_being_added(const Call& call, const engine::Table& table) {
  const engine::Replica* const added = region_being_added(call, table);
  if (added == nullptr) return;
  core::throw_validation(
      "Create/Update/Delete of replica is not allowed while the replica is being added to table with name: ‘" +
      table.name + "’ in region: ‘" + added->region + "’.");
}

engine::TablePtr view_of(const Call& call, engine::TablePtr table) {
  if (table == nullptr || table->replicas.empty()) return table;
  auto view = std::make_shared<engine::Table>(*table);
  engine::move_home(*view, seen_region(call, *view));
  show_statuses(call, *view);
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
    engine::move_home(moved, seen_region(call, moved));
    return scope(moved);
  };
  return view_of(call, call.engine().update_table(name, in_region(call, change), scope_in_region));
}

}  // namespace stator::api
