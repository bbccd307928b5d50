#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/api.h"

/// The names of streams, shards and records in the API: ARNs, ids, sequence numbers, iterators.
namespace stator::api {

/// "table/NAME/stream/LABEL", the end of a stream's ARN.
std::string stream_resource(std::string_view table, std::string_view label);
std::string stream_arn(const Context& context, std::string_view table, std::string_view label);

struct StreamName {
  std::string_view table;
  std::string_view label;
};
/// Reads the ARN of a stream, of any region and account; nullopt if it is not the ARN of a stream.
std::optional<StreamName> parse_stream_arn(std::string_view arn);

/// "shardId-00000001700000000000-00000002": the time at which the stream began, and the shard's number in it.
std::string shard_id(const engine::StreamInfo& stream, std::uint32_t shard);
/// The number of the shard with that id; nullopt if the id cannot be of a shard of the stream. The shard need not
/// exist.
std::optional<std::uint32_t> parse_shard_id(const engine::StreamInfo& stream, std::string_view id);

/// Appends the sequence number: 21 decimal digits, which sort like the numbers.
void append_sequence_number(engine::LogNumber number, std::string& out);
std::string sequence_number(engine::LogNumber number);
std::optional<engine::LogNumber> parse_sequence_number(std::string_view text);

/// The position at which GetRecords continues.
struct ShardIterator {
  store::SpaceId stream = 0;
  engine::LogPosition position;
  std::int64_t created_ms = 0;
};
/// Writes an iterator like the service's: the stream's ARN, a version, and the position in base64.
std::string write_shard_iterator(std::string_view stream_arn, const ShardIterator& iterator);
/// Reads an iterator; returns the ARN in it, too. nullopt if the text is not an iterator.
std::optional<std::pair<std::string_view, ShardIterator>> parse_shard_iterator(std::string_view text);

}  // namespace stator::api
