#pragma once

#include <string>

#include "cli/command.h"
#include "toolkit/table_update.h"
#include "toolkit/tables.h"

namespace stator::cli {

/// A table that was created, or existed, and where.
struct CreatedTable : toolkit::CreatedTable {
  /// The endpoint's description.
  std::string place;
};

/// Creates a table, with its time to live, and waits until it is active; asks first, as every write does. Throws
/// CommandError where it exists already; with `if_not_exists` that is no fault, and where it differs, `differs` and
/// what would have to be changed go to standard error.
CreatedTable create_table(Session& session, const toolkit::WantedTable& wanted, bool if_not_exists,
                          const std::string& differs);

/// Prints the plan to standard error, a line each.
void tell_plan(Session& session, const toolkit::TablePlan& plan);

}  // namespace stator::cli
