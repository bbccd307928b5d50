#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "engine/log/stream.h"
#include "store/store.h"

namespace stator::engine {

using StreamPtr = std::shared_ptr<Stream>;

/// All streams: the enabled ones, and those that stopped less than a day ago. A stream is a row of the catalog and a
/// space of records. Safe to use from several threads.
class ChangeLog {
 public:
  struct Options {
    /// The number of shards, one for each hash range, of a new stream, up to 65536; 0: one for each partition that the
    /// table begins with.
    std::uint32_t shards = 0;
    /// The age at which a shard is closed and its child begins; 0: never.
    std::int64_t shard_lifetime_ms = 0;
  };
  /// `on_streams` is called when there are streams, so that `trim` has to be called now and then.
  ChangeLog(store::Store& store, const core::Clock& clock, const Options& options, std::function<void()> on_streams);

  /// Reads the rows. Throws what reading throws.
  void load();
  /// Closes the enabled streams that are not in these spaces, as their tables were deleted before they could be closed;
  /// drops such logs for recoveries and deliveries.
  void close_others(const std::vector<store::SpaceId>& enabled);

  /// Makes a new stream for the table's view type, in `space`, and adds its row to `batch`. Sets the table's stream
  /// label, or keeps it with `keep_label`, and its stream space.
  [[nodiscard]] StreamPtr make(Table& table, store::SpaceId space, bool keep_label, store::Batch& batch) const;
  /// Likewise makes a new log for the table's point-in-time recovery.
  [[nodiscard]] StreamPtr make_recovery(Table& table, store::SpaceId space, store::Batch& batch) const;
  /// Likewise makes a new log of the changes to be sent to a Kinesis stream.
  [[nodiscard]] StreamPtr make_delivery(const Table& table, store::SpaceId space, store::Batch& batch) const;
  /// Deletes the first records of a shard; `numbers` ascend and include every record up to the last of them.
  void discard(Stream& stream, std::uint32_t shard, const std::vector<LogNumber>& numbers);
  void keep_days(const StreamPtr& recovery, std::int64_t days);
  /// Removes the log and its records. No write that may use it may be running.
  void drop(const StreamPtr& stream);
  /// Adds a stream whose row was written.
  void add(const StreamPtr& stream);
  /// Closes a stream that was disabled or whose table was deleted. No write that may use it may be running.
  void close(const StreamPtr& stream);

  /// Null if there is no such stream. Logs for recoveries and deliveries are found only by their space.
  [[nodiscard]] StreamPtr find(store::SpaceId space) const;
  [[nodiscard]] StreamPtr find(std::string_view table_name, std::string_view label) const;
  /// The streams, sorted by table and label; of all tables if `table_name` is empty.
  [[nodiscard]] std::vector<StreamInfo> list(std::string_view table_name) const;

  /// Reads records with numbers below `before` in order until `sink` returns false. Returns the number to continue
  /// from; nullopt if the shard is closed and was read to its end. Throws ResourceNotFoundException if there is no such
  /// shard, TrimmedDataAccessException if records at or after the position were deleted, core::DamageError.
  std::optional<LogNumber> read(const Stream& stream, const LogPosition& position, LogNumber before,
                                const LogSink& sink) const;

  /// Deletes the old records of one stream (the next one in each call) and replaces shards past their lifetime by
  /// children. False after the last stream.
  bool trim();
  [[nodiscard]] bool empty() const;

 private:
  [[nodiscard]] Stream::WriteRow row_writer() const;
  void trim_stream(const StreamPtr& stream, std::int64_t now_ms);
  void roll_shards(Stream& stream, std::int64_t now_ms);
  void begin_shards(const Table& table, StreamInfo& info) const;
  void remove(const StreamPtr& stream);

  store::Store& store_;
  const core::Clock& clock_;
  const Options options_;
  const std::function<void()> on_streams_;
  /// Serialises changes of streams' shards; taken before streams_mutex_.
  std::mutex change_mutex_;
  store::SpaceId trimmed_ = 0;  // the space of the stream that `trim` processed last
  mutable std::mutex streams_mutex_;
  std::map<store::SpaceId, StreamPtr> streams_;
};

/// A stream's label, which is the time of its creation: "2024-05-17T09:30:00.123".
std::string stream_label(std::int64_t created_ms);

}  // namespace stator::engine
