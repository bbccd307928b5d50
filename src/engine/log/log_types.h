#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/table.h"

/// Streams, their shards and records, as values.
namespace stator::engine {

enum class ChangeKind : std::uint8_t { kInsert, kModify, kRemove };

/// Who or what changed an item. The last two are only read (docs/format.md).
enum class ChangeOrigin : std::uint8_t { kCaller, kTimeToLive, kRestore, kImport };

struct LogRecord {
  /// A canonical JSON object and its DynamoDB size; empty: not there.
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
  /// The SizeBytes of a stream record: its keys and images.
  [[nodiscard]] std::size_t size_bytes() const { return keys.size_bytes + new_image.size_bytes + old_image.size_bytes; }
};

/// A record's number in its shard. Numbers of one item's changes grow in commit order. They begin with the time,
/// (milliseconds since 1970) << 20 or more, so that none is used twice, whatever was trimmed.
using LogNumber = std::uint64_t;
constexpr LogNumber first_number_at(std::int64_t time_ms) { return static_cast<LogNumber>(time_ms) << 20U; }

/// A part of a stream: the changes of a range of hashes for some time.
struct Shard {
  std::uint32_t id = 0;
  std::optional<std::uint32_t> parent;  // the shard that was closed when this one began
  std::uint32_t slot = 0;               // which of the stream's hash ranges
  std::int64_t started_ms = 0;
  LogNumber first_number = 0;            // no record has a smaller one
  std::optional<LogNumber> last_number;  // closed: no record has a greater one
  std::int64_t closed_ms = 0;
  LogNumber trimmed_before = 0;  // records with smaller numbers were deleted
};

/// A stream as it is at some moment. The log that a table is restored to a point in time from, and that of what goes to
/// a Kinesis stream, are such as well: nobody reads them through the API, and they have no label.
struct StreamInfo {
  store::SpaceId space = 0;
  std::string table_name;
  std::string table_id;
  std::string label;
  std::string view_type;
  core::KeySchema key_schema;
  std::int64_t recovery_days = 0;  // how long records for a recovery are kept; 0: it is a stream
  bool is_delivery = false;        // records go to a Kinesis stream, and are deleted when they have arrived
  std::int64_t created_ms = 0;
  std::int64_t stopped_ms = 0;  // 0: it is enabled
  std::uint32_t slots = 0;      // hash ranges
  std::uint32_t next_shard = 0;
  std::vector<Shard> shards;  // by id
  UnknownMembers unknown_members;
  [[nodiscard]] const Shard* shard(std::uint32_t id) const;
  [[nodiscard]] bool is_for_recovery() const { return recovery_days != 0; }
  /// Not for readers of streams.
  [[nodiscard]] bool is_private() const { return is_for_recovery() || is_delivery; }
};

/// Where to read a shard.
struct LogPosition {
  std::uint32_t shard = 0;
  LogNumber number = 0;  // the first one to read
  /// Start from the oldest record, if that is later.
  bool from_oldest = false;
};

/// Takes a record, whose views are valid during the call. Returns false to stop, without having taken this one.
using LogSink = std::function<bool(LogNumber number, const LogRecord& record)>;

}  // namespace stator::engine
