#pragma once

#include "cli/command.h"

namespace stator::cli {

/// ddb import-table and ddb export-table.
void add_bucket_commands(CLI::App& ddb, Session& session);

}  // namespace stator::cli
