#include "cli/transfer.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <system_error>

#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/state_directory.h"
#include "core/hexadecimal.h"
#include "toolkit/paced_endpoint.h"
#include "toolkit/same_table.h"
#include "toolkit/scan.h"
#include "toolkit/table_checksum.h"

namespace stator::cli {

void add_segments(CLI::App& command, std::uint32_t& segments) {
  command.add_option("--segments", segments, "Read this many segments in parallel")
      ->type_name("N")
      ->check(CLI::Range(1U, toolkit::kMaxParallelSegments))
      ->capture_default_str();
}

void add_quiet(CLI::App& command, Session& session) {
  command.add_flag("-q,--quiet", session.quiet, "Print nothing on success");
}

void add_rate(CLI::App& command, double& units_per_second) {
  constexpr double kLeast = 0.5;
  constexpr double kMost = 10'000'000;
  command.add_option("--rate", units_per_second, "At most this many capacity units per second")
      ->type_name("UNITS")
      ->check(number_in(kLeast, kMost));
}

std::unique_ptr<endpoint::Endpoint> paced(std::unique_ptr<endpoint::Endpoint> endpoint, double units_per_second) {
  if (units_per_second == 0) return endpoint;
  return std::make_unique<toolkit::PacedEndpoint>(std::move(endpoint), units_per_second, Interrupt::sleep);
}

namespace {

namespace fs = std::filesystem;

fs::path state_file_of(const std::string& command, const std::string& identity) {
  fs::path directory = state_directory();
  if (directory.empty()) directory = fs::temp_directory_path() / "stator";
  std::error_code error;
  fs::create_directories(directory, error);
  constexpr std::size_t kMostName = 120;
  std::string name = command + "-";
  for (const char c : identity.substr(0, kMostName)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    if (is_plain || name.back() != '-') name += is_plain ? c : '-';
  }
  // With the hash, as the readable part may be the same for two transfers.
  return directory / (name + "-" + core::hexadecimal(toolkit::hash_of_text(identity).low) + ".json");
}

}  // namespace

SavedProgress::SavedProgress(const Session& session, const std::string& command, const std::string& identity) {
  const fs::path file = state_file_of(command, identity);
  try {
    lock_ = std::make_unique<toolkit::TransferLock>(file.string() + ".lock", toolkit::TransferLock::AtTheEnd::kRemove);
  } catch (const std::system_error& error) {
    *session.err << "stator: " << error.what() << ": should this " << command
                 << " be ended, the same command starts over\n";
    return;
  }
  file_ = toolkit::StateFile(file, identity);
}

std::optional<toolkit::TransferState> find_interrupted_transfer(const Session& session, const std::string& command,
                                                                const toolkit::StateFile& file,
                                                                const std::vector<TransferTable>& tables) {
  auto state = file.read();
  if (!state) return std::nullopt;
  // After all items were copied, the changes that follow may change or delete any of them.
  const bool follows = state->follow && std::ranges::all_of(state->segments, &toolkit::SegmentState::finished);
  const auto fault = [&](const TransferTable& side, std::size_t place) -> std::string {
    if (place >= state->tables.size() || !side.table || side.identity() != state->tables[place])
      return " is not the same as";
    if (follows) return {};
    if (side.is_written) {
      return toolkit::has_items_written_last(side.endpoint, *side.table, *state, Interrupt::sleep)
                 ? ""
                 : " no longer has what was last written to it";
    }
    return toolkit::has_items_read_last(side.endpoint, *side.table, *state, Interrupt::sleep)
               ? ""
               : " no longer has what was last read from it";
  };
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string found = fault(tables[i], i);
    if (found.empty()) continue;
    file.remove();
    if (!session.quiet) {
      *session.err << "table " << tables[i].name << found << " when this " << command << " was ended: starting over\n";
    }
    return std::nullopt;
  }
  return state;
}

Rate::Rate(const Session& session, std::string what, std::uint64_t total)
    : bar_(*session.err, session.err_is_terminal), what_(std::move(what)), total_(total) {}

void Rate::show(std::uint64_t items) {
  if (first_ == 0) first_ = items;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
  const double rate = passed.count() > 0 ? static_cast<double>(items - first_) / passed.count() : 0;
  std::string note = what_ + ", " + std::to_string(static_cast<std::uint64_t>(rate)) + "/s";
  if (rate > 0 && total_ > items)
    note +=
        ", " + std::to_string(static_cast<std::uint64_t>(static_cast<double>(total_ - items) / rate) + 1) + " s left";
  bar_.show(items, std::max(items, total_), note);
}

}  // namespace stator::cli
