#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/progress_bar.h"
#include "endpoint/endpoint.h"
#include "toolkit/table_info.h"
#include "toolkit/transfer_lock.h"
#include "toolkit/transfer_state.h"

/// What the commands on whole tables share.
namespace stator::cli {

void add_segments(CLI::App& command, std::uint32_t& segments);
void add_quiet(CLI::App& command, Session& session);
/// Adds --rate UNITS; 0 if not given.
void add_rate(CLI::App& command, double& units_per_second);
/// The endpoint, limited to that rate unless it is 0. Waits with Interrupt::sleep.
std::unique_ptr<endpoint::Endpoint> paced(std::unique_ptr<endpoint::Endpoint> endpoint, double units_per_second);

/// Appended to the error of a command that can be resumed.
inline constexpr const char* kResumeHint = " (the same command goes on where this one ended)";

/// The saved progress of a transfer, in a file of state_directory() named by the command and the transfer's identity.
/// While this exists, no other command can work on the same transfer. If nothing can be written there (an account
/// without a home), prints that and goes on without saving progress.
class SavedProgress {
 public:
  /// Saves nothing.
  SavedProgress() = default;
  /// Throws toolkit::TransferInUse.
  SavedProgress(const Session& session, const std::string& command, const std::string& identity);

  [[nodiscard]] const toolkit::StateFile& file() const { return file_; }
  /// kResumeHint if progress is saved, else an empty text.
  [[nodiscard]] const char* hint() const { return lock_ == nullptr ? "" : kResumeHint; }

 private:
  std::unique_ptr<toolkit::TransferLock> lock_;
  toolkit::StateFile file_;
};

/// A table that a transfer reads or writes.
struct TransferTable {
  endpoint::Endpoint& endpoint;
  /// nullopt if it does not exist.
  std::optional<toolkit::TableInfo> table;
  std::string name;
  bool is_written = false;

  /// The identity that is saved (toolkit::TransferState::tables).
  [[nodiscard]] std::string identity() const { return table ? table->identity : std::string(); }
};

/// The progress of an interrupted transfer (`command`: "import"); nullopt if there is none. If a table is not the one
/// that the transfer has read or written, prints that and removes the file, so that the transfer begins again. Throws
/// like toolkit::StateFile::read.
std::optional<toolkit::TransferState> find_interrupted_transfer(const Session& session, const std::string& command,
                                                                const toolkit::StateFile& file,
                                                                const std::vector<TransferTable>& tables);

/// Shows a count with its rate and the time left on the terminal, redrawn in place.
class Rate {
 public:
  /// `what`: "copied". `total`: 0 if unknown.
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
