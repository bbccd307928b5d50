#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "cli/command.h"
#include "cli/progress_bar.h"

/// Shared by the commands on whole tables.
namespace stator::cli {

void add_segments(CLI::App& command, std::uint32_t& segments);
void add_quiet(CLI::App& command, Session& session);

/// The file that notes a transfer's progress, in XDG_STATE_HOME/stator or ~/.local/state/stator, named by the command
/// and the transfer's identity.
std::filesystem::path transfer_state_file(const std::string& command, const std::string& identity);

/// Appended to the error of a command that can be resumed.
inline constexpr const char* kResumeHint = " (the same command goes on where this one ended)";

/// Shows a count on the terminal, with the rate and the time left, redrawn in place.
class Rate {
 public:
  /// `what`: "copied". `total`: 0 where it is not known.
  Rate(const Session& session, std::string what, std::uint64_t total);
  void show(std::uint64_t items);

 private:
  ProgressBar bar_;
  std::string what_;
  std::uint64_t total_;
  std::uint64_t first_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace stator::cli
