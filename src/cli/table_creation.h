#pragma once

#include <string>

#include "cli/command.h"
#include "toolkit/table_update.h"
#include "toolkit/tables.h"

namespace stator::cli {

/// A table that was created or that existed, and where it is.
struct CreatedTable : toolkit::CreatedTable {
  /// The endpoint's description.
  std::string place;
};

/// Creates a table, with its time to live, and waits until it is active; asks first, as every write does. Throws
/// CommandError if the table exists, unless `if_not_exists` is set: then, if the table differs, prints `differs` and
/// the necessary changes to standard error.
CreatedTable create_table(Session& session, const toolkit::WantedTable& wanted, bool if_not_exists,
                          const std::string& differs);

/// Prints the plan to standard error, a line each.
void tell_plan(Session& session, const toolkit::TablePlan& plan);

}  // namespace stator::cli
