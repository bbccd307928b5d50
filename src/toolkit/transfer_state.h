#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "toolkit/table_checksum.h"

/// The progress of an export, an import or a copy, from which the same command resumes however it was ended.
namespace stator::toolkit {

/// Identifies an item that was written, so that a later run can tell whether the table still has it.
struct WrittenItem {
  /// Wire JSON; empty if there is no item.
  std::string key;
  ItemHash hash;
};

/// One segment of a parallel scan, or one file of an import.
struct SegmentState {
  /// The key (wire JSON) after which to continue; empty: the start.
  std::string start_key;
  bool finished = false;
  /// The checksum of the items that are done.
  TableChecksum done;
  /// The last of these items, as written to the destination.
  WrittenItem last_written;
};

/// One shard of a stream.
struct ShardState {
  /// Of the last record that was applied; empty if there was none yet.
  std::string sequence_number;
  /// The shard was read to its end, and gets no more records.
  bool ended = false;
};

/// How far a copy has followed its source's stream.
struct FollowState {
  /// When the copy began, in seconds since 1970; it contains all older changes.
  std::int64_t since_seconds = 0;
  /// When every shard was last read, in seconds since 1970. A stream keeps its records for a day, so an older state has
  /// a gap.
  std::int64_t last_read_seconds = 0;
  std::string stream_arn;
  std::map<std::string, ShardState> shards;
  /// The last items that were written to the destination; a hash of zeros means that the item was deleted there.
  std::vector<WrittenItem> last_written = {};
};

struct TransferState {
  /// The identities (TableInfo) of the tables that the transfer reads and writes.
  std::vector<std::string> tables;
  std::vector<SegmentState> segments;
  /// The position in the file that is read or written.
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::optional<FollowState> follow;

  /// The checksum of all segments together.
  [[nodiscard]] TableChecksum total() const;
};

/// The file that holds the state; write() replaces it atomically.
class StateFile {
 public:
  StateFile() = default;
  /// An empty path: no file. `identity` says what is transferred; read() expects the same in the file.
  StateFile(std::filesystem::path file, const std::string& identity);

  /// nullopt if there is no file. Throws std::runtime_error if it has other content.
  [[nodiscard]] std::optional<TransferState> read() const;
  /// Throws std::runtime_error.
  void write(const TransferState& state) const;
  void remove() const;

 private:
  std::filesystem::path file_;
  std::string identity_;
};

}  // namespace stator::toolkit
