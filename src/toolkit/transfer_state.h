#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "toolkit/table_checksum.h"

/// How far an export, an import or a copy is, so that the same command goes on after it was ended in whatever way.
namespace stator::toolkit {

/// One segment of a parallel scan.
struct SegmentState {
  /// Where it goes on (a key, wire JSON); empty: from the start.
  std::string start_key;
  bool finished = false;
  /// Of what is done.
  TableChecksum done;
};

/// One shard of a stream.
struct ShardState {
  /// The last record that was applied; empty: none yet.
  std::string sequence_number;
  /// Everything in it was read, and nothing will follow.
  bool ended = false;
};

/// Following the source's stream.
struct FollowState {
  /// When the copy began, in seconds since 1970: older changes are in it.
  std::int64_t since_seconds = 0;
  /// When every shard had last been asked. A stream keeps its records for a day, so an older state has a gap.
  std::int64_t asked_seconds = 0;
  std::string stream_arn;
  std::map<std::string, ShardState> shards;
};

struct TransferState {
  std::vector<SegmentState> segments;
  /// Of the file that is read or written.
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::optional<FollowState> follow;

  /// All segments together.
  [[nodiscard]] TableChecksum total() const;
};

/// A state in a file that is always whole.
class StateFile {
 public:
  StateFile() = default;
  /// An empty path: kept nowhere. `identity` says what is transferred, and must fit when the file is read.
  StateFile(std::filesystem::path file, std::string identity);

  /// Nothing where there is no file. Throws std::runtime_error where it holds something else.
  [[nodiscard]] std::optional<TransferState> read() const;
  /// Throws std::runtime_error.
  void write(const TransferState& state) const;
  void remove() const;

 private:
  std::filesystem::path file_;
  std::string identity_;
};

}  // namespace stator::toolkit
