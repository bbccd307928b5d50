#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "toolkit/table_checksum.h"

/// The progress of an export, an import or a copy, from which the same command resumes after any kind of end.
namespace stator::toolkit {

/// An item that was written, by which a later run tells whether the table still has it.
struct WrittenItem {
  /// Wire JSON; empty: none.
  std::string key;
  ItemHash hash;
};

/// One segment of a parallel scan, or one file of an import.
struct SegmentState {
  /// The key (wire JSON) after which it continues; empty: the start.
  std::string start_key;
  bool finished = false;
  /// The checksum of the items that are done.
  TableChecksum done;
  /// The last of them in the table that is written to.
  WrittenItem last_written;
};

/// One shard of a stream.
struct ShardState {
  /// The last record that was applied; empty: none yet.
  std::string sequence_number;
  /// All of it was read, and no records will follow.
  bool ended = false;
};

/// Following the source's stream.
struct FollowState {
  /// When the copy began, in seconds since 1970: older changes are in it.
  std::int64_t since_seconds = 0;
  /// When every shard was last read. A stream keeps its records for a day, so an older state has a gap.
  std::int64_t asked_seconds = 0;
  std::string stream_arn;
  std::map<std::string, ShardState> shards;
  /// The last items that were written to the destination; a hash of zeros: it was deleted there.
  std::vector<WrittenItem> last_written = {};
};

struct TransferState {
  /// The identities (TableInfo) of the tables that it reads and writes.
  std::vector<std::string> tables;
  std::vector<SegmentState> segments;
  /// Position in the file that is read or written.
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::optional<FollowState> follow;

  /// All segments together.
  [[nodiscard]] TableChecksum total() const;
};

/// A file with a state, which is replaced atomically.
class StateFile {
 public:
  StateFile() = default;
  /// An empty path: no file. `identity` says what is transferred; the file read must have the same.
  StateFile(std::filesystem::path file, const std::string& identity);

  /// nullopt where there is no file. Throws std::runtime_error where the file has other content.
  [[nodiscard]] std::optional<TransferState> read() const;
  /// Throws std::runtime_error.
  void write(const TransferState& state) const;
  void remove() const;

 private:
  std::filesystem::path file_;
  std::string identity_;
};

}  // namespace stator::toolkit
