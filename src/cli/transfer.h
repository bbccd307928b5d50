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

/// Shared by the commands on whole tables.
namespace stator::cli {

void add_segments(CLI::App& command, std::uint32_t& segments);
void add_quiet(CLI::App& command, Session& session);
/// --rate UNITS; 0: not given.
void add_rate(CLI::App& command, double& units_per_second);
/// The endpoint, kept to that rate where it is not 0. Waits with Interrupt::sleep.
std::unique_ptr<endpoint::Endpoint> paced(std::unique_ptr<endpoint::Endpoint> endpoint, double units_per_second);

/// Appended to the error of a command that can be resumed.
inline constexpr const char* kResumeHint = " (the same command goes on where this one ended)";

/// The notes of how far a transfer is, in XDG_STATE_HOME/stator or ~/.local/state/stator, named by the command and the
/// transfer's identity. While this lives, no other command may be at the same transfer. Where nothing can be written
/// there (an account without a home), that is said, and the transfer goes on without notes.
class TransferNotes {
 public:
  /// No notes.
  TransferNotes() = default;
  /// Throws toolkit::TransferInUse.
  TransferNotes(const Session& session, const std::string& command, const std::string& identity);

  [[nodiscard]] const toolkit::StateFile& file() const { return file_; }
  /// kResumeHint where there are notes; else nothing.
  [[nodiscard]] const char* hint() const { return lock_ == nullptr ? "" : kResumeHint; }

 private:
  std::unique_ptr<toolkit::TransferLock> lock_;
  toolkit::StateFile file_;
};

/// A table that a transfer reads or writes.
struct TransferTable {
  endpoint::Endpoint& endpoint;
  /// nullopt where it is missing.
  std::optional<toolkit::TableInfo> table;
  std::string name;
  bool is_written = false;

  /// What is noted of it (toolkit::TransferState::tables).
  [[nodiscard]] std::string identity() const { return table ? table->identity : std::string(); }
};

/// How far the transfer (`command`: "import") came that was ended. Where a table is no longer the one that it has read
/// or written, that is said and the notes are removed; the transfer begins anew. Throws like toolkit::StateFile::read.
std::optional<toolkit::TransferState> earlier_transfer(const Session& session, const std::string& command,
                                                       const toolkit::StateFile& file,
                                                       const std::vector<TransferTable>& tables);

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
