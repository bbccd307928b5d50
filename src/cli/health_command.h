#pragma once

#include "cli/command.h"

namespace stator::cli {

/// `stator health`: whether a server answers.
void add_health_command(CLI::App& root, Session& session);

}  // namespace stator::cli
