#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/table.h"

/// Streams, shards and records as plain values.
namespace stator::engine {

enum class ChangeKind : std::uint8_t { kInsert, kModify, kRemove };

/// Who or what changed an item. The last two occur only in logs of earlier versions (docs/format.md).
enum class ChangeOrigin : std::uint8_t { kCaller, kTimeToLive, kRestore, kImport };

struct LogRecord {
  /// A canonical JSON object and its DynamoDB size; empty if there is none.
  struct Part {
    std::string_view json;
    std::size_t size_bytes = 0;
  };
  ChangeKind kind = ChangeKind::kInsert;
  ChangeOrigin origin = ChangeOrigin::kCaller;
  std::int64_t time_ms = 0;
  Part keys;
  Part new_image;
  Part old_image;
  /// The SizeBytes of a stream record: the size of its keys and images.
  [[nodiscard]] std::size_t size_bytes() const { return keys.size_bytes + new_image.size_bytes + old_image.size_bytes; }
};

/// A record's number in its shard. The numbers of one item's changes ascend in commit order. A number is at least
/// (milliseconds since 1970) << 20 at the time of the change, so that none is used twice even if all records were
/// trimmed.
using LogNumber = std::uint64_t;
constexpr LogNumber first_number_at(std::int64_t time_ms) { return static_cast<LogNumber>(time_ms) << 20U; }

/// A part of a stream: the changes in one range of hashes during some time.
struct Shard {
  std::uint32_t id = 0;
  std::optional<std::uint32_t> parent;  // the shard that was closed when this one began
  std::uint32_t slot = 0;               // number of the hash range
  std::int64_t started_ms = 0;
  LogNumber first_number = 0;            // no record has a smaller number
  std::optional<LogNumber> last_number;  // set when closed: no record has a greater number
  std::int64_t closed_ms = 0;
  LogNumber trimmed_before = 0;  // records with smaller numbers were deleted
};

/// A stream at some moment. The logs for point-in-time recovery and for Kinesis destinations have this form, too; they
/// have no label and cannot be read through the API.
struct StreamInfo {
  store::SpaceId space = 0;
  std::string table_name;
  std::string table_id;
  std::string label;
  std::string view_type;
  core::KeySchema key_schema;
  std::int64_t recovery_days = 0;  // of a recovery log: how long records are kept; 0 for others
  bool is_delivery = false;        // of a log for a Kinesis destination, whose records are deleted on arrival
  std::int64_t created_ms = 0;
  std::int64_t stopped_ms = 0;  // 0 while it is enabled
  std::uint32_t slots = 0;      // number of hash ranges
  std::uint32_t next_shard = 0;
  std::vector<Shard> shards;  // sorted by id
  UnknownMembers unknown_members;
  [[nodiscard]] const Shard* shard(std::uint32_t id) const;
  [[nodiscard]] bool is_for_recovery() const { return recovery_days != 0; }
  /// True for logs that are not streams of the API.
  [[nodiscard]] bool is_private() const { return is_for_recovery() || is_delivery; }
};

/// The position from which to read a shard.
struct LogPosition {
  std::uint32_t shard = 0;
  LogNumber number = 0;  // of the first record to read
  /// Start from the oldest record that is left, instead of failing, if earlier ones were deleted.
  bool from_oldest = false;
};

/// Takes a record, whose views are valid during the call. Returns false to stop; then this record counts as not taken.
using LogSink = std::function<bool(LogNumber number, const LogRecord& record)>;

}  // namespace stator::engine
