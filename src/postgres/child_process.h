#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace stator::postgres {

/// The account that a program runs under.
struct Account {
  uid_t user = 0;
  gid_t group = 0;
  std::string name;
};

/// The account for PostgreSQL's programs, which refuse to run as root: `postgres`, else `nobody`. nullopt if this
/// process does not run as root: they then run under its own account. Throws Error (kCluster) if neither account
/// exists.
std::optional<Account> unprivileged_account();

struct Command {
  std::vector<std::string> arguments;  ///< The first is the program's path.
  std::optional<Account> account = {};
  /// The file for standard output and error, which otherwise are collected. With it, the program leads its own session
  /// and is not waited for.
  std::optional<std::filesystem::path> log = {};
};

struct CommandResult {
  int exit_status = 0;
  /// Standard output and error together, at most the last 64 KiB.
  std::string output;
};

/// Runs a program to its end with an empty standard input, the C locale and none of this process's files open. Kills it
/// after `limit`. Throws Error: kMissing if it cannot be run, kTimeout if it was killed.
CommandResult run_program(const Command& command, std::chrono::seconds limit);

/// Starts a program that keeps running after this process ends. `command.log` must be set. Returns its process id.
pid_t start_program(const Command& command);

/// Whether the account has all the access in `mode` (R_OK | W_OK | X_OK) to the path. A child process under that
/// account checks it.
bool can_access(const std::filesystem::path& path, int mode, const std::optional<Account>& account);

}  // namespace stator::postgres
