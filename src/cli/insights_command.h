#pragma once

#include "cli/command.h"

namespace stator::cli {

/// stator ddb insights
void add_insights_command(CLI::App& ddb, Session& session);

}  // namespace stator::cli
