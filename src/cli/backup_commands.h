#pragma once

#include "cli/command.h"

namespace stator::cli {

/// stator backups.
void add_backups_command(CLI::App& root, Session& session);
/// stator ddb backup, delete-backup, restore, recovery.
void add_backup_commands(CLI::App& ddb, Session& session);

}  // namespace stator::cli
