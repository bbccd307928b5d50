#pragma once

#include "cli/command.h"

namespace stator::cli {

/// stator ddb tail.
void add_tail_command(CLI::App& ddb, Session& session);

}  // namespace stator::cli
