#pragma once

#include "cli/command.h"

namespace stator::cli {

void add_init_command(CLI::App& root, Session& session);

}  // namespace stator::cli
