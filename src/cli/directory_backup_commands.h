#pragma once

#include "cli/command.h"

namespace stator::cli {

/// stator backup, stator restore.
void add_directory_backup_commands(CLI::App& root, Session& session);

}  // namespace stator::cli
