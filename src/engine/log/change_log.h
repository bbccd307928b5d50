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

/// All streams: those that are enabled, and those that stopped less than a day ago. A stream is a row of the catalog
/// and a space of records. Safe to use from several threads.
class ChangeLog {
 public:
  struct Options {
    /// Hash ranges of a new stream, up to 65536; 0: one for each partition that the table begins with.
    std::uint32_t shards = 0;
    /// After how long a shard is closed and its child begins; 0: never.
    std::int64_t shard_lifetime_ms = 0;
  };
  /// `on_streams`: there are streams, so `trim` is to be called now and then.
  ChangeLog(store::Store& store, const core::Clock& clock, const Options& options, std::function<void()> on_streams);

  /// Reads the rows. Throws what reading them throws.
  void load();
  /// Closes the streams that are enabled but in none of these spaces, as their tables went without them; logs for
  /// recoveries and deliveries go.
  void close_others(const std::vector<store::SpaceId>& enabled);

  /// A new stream for the table's view type, in `space`; its row is put into `batch`. The table's label is set, or
  /// kept.
  [[nodiscard]] StreamPtr make(Table& table, store::SpaceId space, bool keep_label, store::Batch& batch) const;
  /// A new log for the table's point-in-time recovery, in the same way.
  [[nodiscard]] StreamPtr make_recovery(Table& table, store::SpaceId space, store::Batch& batch) const;
  /// A new log of what is to go to a Kinesis stream, in the same way.
  [[nodiscard]] StreamPtr make_delivery(const Table& table, store::SpaceId space, store::Batch& batch) const;
  /// Deletes records of a shard that are wanted no more; `numbers` ascend, and no record below the last is left out.
  void discard(Stream& stream, std::uint32_t shard, const std::vector<LogNumber>& numbers);
  void keep_days(const StreamPtr& recovery, std::int64_t days);
  /// Removes the log with its records. No write that may use it may be running.
  void drop(const StreamPtr& stream);
  /// Makes a stream known whose row was written.
  void add(const StreamPtr& stream);
  /// Closes a stream that was disabled or whose table was deleted. No write that may use it may be running.
  void close(const StreamPtr& stream);

  /// Null where there is none. Logs for recoveries and deliveries are found by their space alone.
  [[nodiscard]] StreamPtr find(store::SpaceId space) const;
  [[nodiscard]] StreamPtr find(std::string_view table_name, std::string_view label) const;
  /// Sorted by table and label; `table_name` empty: the streams of all tables.
  [[nodiscard]] std::vector<StreamInfo> list(std::string_view table_name) const;

  /// Reads records with numbers below `before` in order until `sink` has enough. Returns where to go on; nullopt where
  /// the shard is closed and was read to its end. Throws ResourceNotFoundException for a shard that is not there,
  /// TrimmedDataAccessException where records from the position on were deleted, core::DamageError.
  std::optional<LogNumber> read(const Stream& stream, const LogPosition& position, LogNumber before,
                                const LogSink& sink) const;

  /// Deletes the records older than a day of one stream, the next one in each call, and replaces shards whose time is
  /// over by children. False after the last stream.
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
  store::SpaceId trimmed_ = 0;  // up to which space `trim` has come
  mutable std::mutex streams_mutex_;
  std::map<store::SpaceId, StreamPtr> streams_;
};

/// "2024-05-17T09:30:00.123": a stream's label is the time when it began.
std::string stream_label(std::int64_t created_ms);

}  // namespace stator::engine
