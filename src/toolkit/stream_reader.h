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

/// Records that were not read yet were deleted: a stream keeps them for a day.
struct StreamGap : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A shard of a stream, and the position up to which it was read.
struct FollowedShard {
  std::string parent;
  bool ended = false;
  bool from_now = false;
  /// Read it from its oldest record, since an iterator expired before it had read anything.
  bool reread = false;
  /// A sequence number; empty: nothing was read yet.
  std::string last_read;
  /// Empty: must be requested.
  std::string iterator;
};

/// Reads a table's latest stream, over any endpoint: parents before their children, so that the records of each item
/// come in order; new shards as they come; iterators that expired anew from the last record.
class StreamReader {
 public:
  /// Called with each record (wire JSON, valid during the call) and its shard.
  using Visitor = std::function<void(const FollowedShard& shard, const json::Object& record)>;

  /// Finds the stream (DescribeTable). Throws OperationError, and std::runtime_error where the table has none.
  StreamReader(endpoint::Endpoint& endpoint, const std::string& table, Sleep sleep = sleep_for_real);

  [[nodiscard]] const std::string& stream_arn() const { return stream_arn_; }
  /// "NEW_AND_OLD_IMAGES", …
  [[nodiscard]] const std::string& view_type() const { return view_type_; }
  /// No further records will be written.
  [[nodiscard]] bool disabled() const { return disabled_; }
  [[nodiscard]] bool all_ended() const;

  /// From now on deleted records are skipped; otherwise they cause a StreamGap.
  void pass_over_gaps() { passes_over_gaps_ = true; }

  /// Asks for the stream's shards. New ones begin with their oldest record, or, `from_now`, with what is written next.
  void find_shards(bool from_now);
  /// Reads a page of each shard that may be read; a shard that ended makes its children known. False where nothing
  /// came. Throws OperationError, StreamGap, and what `visit` throws.
  bool read_round(const Visitor& visit);

  /// Whether the stream still has the newest record that was read (ShardIteratorType AT_SEQUENCE_NUMBER), which it has
  /// not where the table went back to an earlier state. True where none was read, or it may be gone for its age. Throws
  /// OperationError.
  [[nodiscard]] bool has_newest_record();

  /// By their ids. Before the first round a caller may set the positions up to which they were read.
  std::map<std::string, FollowedShard>& shards() { return shards_; }

 private:
  [[nodiscard]] bool may_read(const FollowedShard& shard) const;
  bool read_page(const std::string& id, FollowedShard& shard, const Visitor& visit);
  void begin_again(const std::string& id, FollowedShard& shard, const OperationError& error);
  std::string ask_for_iterator(const std::string& id, const FollowedShard& shard);
  bool take_page(const std::string& reply, FollowedShard& shard, const Visitor& visit);

  endpoint::Endpoint& endpoint_;
  Sleep sleep_;
  std::string stream_arn_;
  std::string view_type_;
  std::map<std::string, FollowedShard> shards_;
  int rounds_ = 0;
  bool disabled_ = false;
  bool ended_one_ = false;
  bool passes_over_gaps_ = false;
};

/// Members of a record, empty or 0 where they are missing.
std::string member_text(const json::Object& object, std::string_view name);
std::optional<json::Object> member_object(const json::Object& object, std::string_view name);
/// The `dynamodb` member: keys, images, sequence number. Throws std::runtime_error where there is none.
json::Object change_of_record(const json::Object& record);
/// When the change was made, in seconds since 1970, as exact as the service says it.
std::int64_t seconds_of_change(const json::Object& change);

}  // namespace stator::toolkit
