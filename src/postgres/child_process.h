#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace stator::postgres {

/// Whom a program runs as.
struct Account {
  uid_t user = 0;
  gid_t group = 0;
  std::string name;
};

/// The account PostgreSQL's programs run as, since they refuse root: `postgres`, else `nobody`. nullopt where we are
/// not root: they then run as ourselves. Throws Error (kCluster) where root finds neither account.
std::optional<Account> unprivileged_account();

struct Command {
  std::vector<std::string> arguments;  ///< The first is the program's path.
  std::optional<Account> account = {};
  /// Standard output and error go here instead of being collected; the program then is its own session leader and is
  /// not waited for.
  std::optional<std::filesystem::path> log = {};
};

struct CommandResult {
  int exit_status = 0;
  /// Standard output and error together, at most the last 64 KiB.
  std::string output;
};

/// Runs a program to its end with an empty standard input, the C locale and none of our files open. After `limit` it is
/// killed. Throws Error (kMissing) where it cannot be run, (kTimeout).
CommandResult run_program(const Command& command, std::chrono::seconds limit);

/// Starts a program that goes on after us. `command.log` must be set. Returns its process id.
pid_t start_program(const Command& command);

/// Whether the account may do all of `mode` (R_OK | W_OK | X_OK) with the path, asked by a process that is that
/// account.
bool can_access(const std::filesystem::path& path, int mode, const std::optional<Account>& account);

}  // namespace stator::postgres
