#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "endpoint/endpoint.h"
#include "json/reader.h"
#include "toolkit/call.h"

namespace stator::toolkit {

/// Records were deleted before they were read: a stream keeps them for a day.
struct StreamGap : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A shard of a stream, and how far it was read.
struct FollowedShard {
  std::string parent;
  bool ended = false;
  bool from_now = false;
  /// Read it from its oldest record, as its iterator expired before anything was read.
  bool reread = false;
  /// The sequence number of the last record read; empty if none was read yet.
  std::string last_read;
  /// Empty: one must be requested.
  std::string iterator;
};

/// Reads a table's latest stream, over any endpoint. Parents are read before their children, so the records of each
/// item come in order. Finds new shards, and replaces expired iterators by new ones after the last record.
class StreamReader {
 public:
  /// Called with each record (wire JSON, valid during the call) and its shard.
  using Visitor = std::function<void(const FollowedShard& shard, const json::Object& record)>;

  /// Finds the stream (DescribeTable). Throws OperationError, and std::runtime_error if the table has none.
  StreamReader(endpoint::Endpoint& endpoint, const std::string& table, Sleep sleep = sleep_for_real);

  [[nodiscard]] const std::string& stream_arn() const { return stream_arn_; }
  /// "NEW_AND_OLD_IMAGES", …
  [[nodiscard]] const std::string& view_type() const { return view_type_; }
  /// The stream is disabled: no more records will be written.
  [[nodiscard]] bool disabled() const { return disabled_; }
  [[nodiscard]] bool all_ended() const;

  /// Makes read_round skip records that were deleted; otherwise they cause a StreamGap.
  void skip_gaps() { skips_gaps_ = true; }

  /// Asks for the stream's shards. New ones are read from their oldest record or, with `from_now`, from the next one
  /// written.
  void find_shards(bool from_now);
  /// Reads a page of each shard that has no unread parent; looks for the children of a shard that ended. Returns
  /// whether to read on at once: there were records, a shard ended, or an iterator must be replaced. Throws
  /// OperationError, StreamGap, and what `visit` throws.
  bool read_round(const Visitor& visit);

  /// Whether the stream still has the newest record that was read (ShardIteratorType AT_SEQUENCE_NUMBER); it does not
  /// after the table was reset to an earlier state. True if no record was read, or if it may have been deleted for its
  /// age. Throws OperationError.
  [[nodiscard]] bool has_newest_record();

  /// The shards by their ids. Before the first round a caller may set how far they were read.
  std::map<std::string, FollowedShard>& shards() { return shards_; }

 private:
  [[nodiscard]] bool may_read(const FollowedShard& shard) const;
  bool read_page(const std::string& id, FollowedShard& shard, const Visitor& visit);
  void restart_shard(const std::string& id, FollowedShard& shard, const OperationError& error);
  std::string request_iterator(const std::string& id, const FollowedShard& shard);
  bool handle_page(const std::string& reply, FollowedShard& shard, const Visitor& visit);

  endpoint::Endpoint& endpoint_;
  Sleep sleep_;
  std::string stream_arn_;
  std::string view_type_;
  std::map<std::string, FollowedShard> shards_;
  int rounds_ = 0;
  bool disabled_ = false;
  bool ended_one_ = false;
  bool skips_gaps_ = false;
};

/// A member of a record; empty or nullopt if it is missing.
std::string member_text(const json::Object& object, std::string_view name);
std::optional<json::Object> member_object(const json::Object& object, std::string_view name);
/// The `dynamodb` member: keys, images, sequence number. Throws std::runtime_error if there is none.
json::Object change_of_record(const json::Object& record);
/// When the change was made, in whole seconds since 1970; 0 if the record does not say.
std::int64_t seconds_of_change(const json::Object& change);

}  // namespace stator::toolkit
