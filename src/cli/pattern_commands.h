#pragma once

#include "cli/command.h"

namespace stator::cli {

/// `ddb patterns`: the list, the check, and a command for every pattern of every model (when session.wants_patterns).
void add_pattern_commands(CLI::App& ddb, Session& session);

}  // namespace stator::cli
