#pragma once

#include "cli/command.h"

namespace stator::cli {

/// stator ddb sql.
void add_sql_command(CLI::App& ddb, Session& session);

}  // namespace stator::cli
