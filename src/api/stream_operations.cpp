#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "api/call.h"
#include "api/operations.h"
#include "api/reply.h"
#include "api/stream_names.h"
#include "api/stream_records.h"
#include "api/table_description.h"
#include "core/api_error.h"
#include "core/limits.h"

/// DynamoDB Streams: ListStreams, DescribeStream, GetShardIterator, GetRecords.
namespace stator::api {

using core::throw_validation;

namespace {

constexpr std::int64_t kStreamsOfPage = 100;
constexpr std::int64_t kShardsOfPage = 100;
constexpr std::int64_t kRecordsOfPage = 1000;
/// Source: API reference, GetShardIterator.
constexpr std::int64_t kIteratorLifetimeMs = std::int64_t{15} * 60 * 1000;

std::size_t limit_of(const Members& request, std::int64_t when_absent) {
  return static_cast<std::size_t>(request.integer("Limit").value_or(when_absent));
}

[[noreturn]] void throw_no_stream(std::string_view arn) {
  core::throw_resource_not_found("Requested resource not found: Stream: " + std::string(arn) + " not found");
}

/// Whether an ARN, of the region of the request or of the server, names the stream.
bool names(std::string_view arn, const Context& context, const engine::StreamInfo& stream) {
  const TableArn parts = parse_arn(arn);
  return parts.partition == "aws" && parts.service == "dynamodb" && parts.account == context.account_id &&
         is_own_region(context, parts.region) && parts.resource == stream_resource(stream.table_name, stream.label);
}

engine::StreamInfo stream_of(Call& call, std::string_view arn) {
  const auto name = parse_stream_arn(arn);
  if (!name) throw_validation("Invalid StreamArn");
  auto stream = call.engine().find_stream(name->table, name->label);
  if (!stream || !names(arn, call.context, *stream)) throw_no_stream(arn);
  return std::move(*stream);
}

void append_shard(const engine::StreamInfo& stream, const engine::Shard& shard, std::string& out) {
  ObjectWriter writer(out);
  writer.text("ShardId", shard_id(stream, shard.id));
  ObjectWriter range(writer.key("SequenceNumberRange"));
  range.text("StartingSequenceNumber", sequence_number(shard.first_number));
  if (shard.last_number) range.text("EndingSequenceNumber", sequence_number(*shard.last_number));
  range.end();
  if (shard.parent) writer.text("ParentShardId", shard_id(stream, *shard.parent));
  writer.end();
}

/// The shards that DescribeStream is to return, in order.
std::vector<const engine::Shard*> shards_asked_for(const Members& request, const engine::StreamInfo& stream) {
  const auto after = request.text("ExclusiveStartShardId");  // the shard need not exist
  std::optional<std::uint32_t> parent;
  const auto filter = request.object("ShardFilter");
  const bool children_only = filter && Members(*filter).has("Type");
  if (filter && Members(*filter).has("ShardId") != children_only) {
    throw_validation("ShardFilter must have both Type and ShardId");
  }
  if (children_only) {
    parent = parse_shard_id(stream, Members(*filter).required_text("ShardId"));
    if (!parent) throw_validation("Invalid ShardId in ShardFilter");
  }
  std::vector<const engine::Shard*> shards;
  for (const engine::Shard& shard : stream.shards) {
    if (after && shard_id(stream, shard.id) <= *after) continue;
    if (parent && shard.parent != parent) continue;
    shards.push_back(&shard);
  }
  return shards;
}

/// Throws if SequenceNumber and Timestamp do not fit the iterator's type.
void check_iterator(Call& call, std::string_view type) {
  const bool begins_at_number = type == "AT_SEQUENCE_NUMBER" || type == "AFTER_SEQUENCE_NUMBER";
  const bool has_number = call.request.has("SequenceNumber");
  if (begins_at_number && !has_number) core::throw_invalid_parameters("Invalid SequenceNumber");
  if (!begins_at_number && has_number) {
    core::throw_invalid_parameters("SequenceNumber should not be passed for this iterator type");
  }
  const auto time_ms = call.request.time_ms("Timestamp");
  const bool begins_at_time = type == "AT_TIMESTAMP";
  if (begins_at_time && !time_ms) core::throw_invalid_parameters("Timestamp must be passed for this iterator type");
  if (!begins_at_time && time_ms) {
    core::throw_invalid_parameters("Timestamp should not be passed for this iterator type");
  }
  if (time_ms && *time_ms > call.engine().clock().now_ms()) {
    core::throw_invalid_parameters("Timestamp must not be in the future");
  }
}

/// The position of the first record of this time or later, or where that will be. No record has a number below that of
/// its time; if the clock was set back, records with greater numbers follow one that has that time. Source: the API's
/// model of November 2026, GetShardIterator, Timestamp.
engine::LogPosition position_at_time(const engine::Shard& shard, std::int64_t time_ms) {
  const engine::LogNumber least = engine::first_number_at(std::max<std::int64_t>(0, time_ms));
  const bool from_oldest = least <= std::max(shard.first_number, shard.trimmed_before);
  return {.shard = shard.id, .number = from_oldest ? shard.first_number : least, .from_oldest = from_oldest};
}

/// The position of the iterator that GetShardIterator is to return.
engine::LogPosition position_of(Call& call, const engine::StreamInfo& stream, const engine::Shard& shard) {
  const std::string_view type = call.request.required_text("ShardIteratorType");
  check_iterator(call, type);
  if (const auto time_ms = call.request.time_ms("Timestamp")) return position_at_time(shard, *time_ms);
  engine::LogPosition position{.shard = shard.id, .number = shard.first_number, .from_oldest = true};
  if (type == "TRIM_HORIZON") return position;
  position.from_oldest = false;
  const engine::LogNumber end = call.engine().end_of_shard(stream.space, shard.id);
  if (type == "LATEST") {
    position.number = end;
    return position;
  }
  const auto number = parse_sequence_number(call.request.required_text("SequenceNumber"));
  if (!number || *number < shard.first_number || *number >= std::max(end, shard.first_number + 1)) {
    core::throw_invalid_parameters("Invalid SequenceNumber");
  }
  if (*number < shard.trimmed_before) {
    throw core::ApiError(core::ErrorCode::kTrimmedDataAccess, "The data you are trying to access has been trimmed");
  }
  position.number = type == "AFTER_SEQUENCE_NUMBER" ? *number + 1 : *number;
  return position;
}

}  // namespace

void list_streams(Call& call) {
  const auto named = call.request.text("TableName");
  std::vector<engine::StreamInfo> streams =
      call.engine().list_streams(named ? table_name_from(*named) : std::string_view());
  if (const auto start = call.request.text("ExclusiveStartStreamArn")) {
    const auto after = parse_stream_arn(*start);
    if (!after) throw_validation("Invalid ExclusiveStartStreamArn");
    std::erase_if(streams, [&after](const engine::StreamInfo& stream) {
      using Place = std::pair<std::string_view, std::string_view>;
      return Place(stream.table_name, stream.label) <= Place(after->table, after->label);
    });
  }
  const std::size_t limit = limit_of(call.request, kStreamsOfPage);
  const bool more = streams.size() > limit;
  if (more) streams.resize(limit);
  ObjectWriter writer(call.reply);
  std::string& out = writer.key("Streams");
  out += '[';
  for (const engine::StreamInfo& stream : streams) {
    if (&stream != streams.data()) out += ',';
    ObjectWriter entry(out);
    entry.text("StreamArn", stream_arn(call.context, stream.table_name, stream.label));
    entry.text("TableName", stream.table_name);
    entry.text("StreamLabel", stream.label);
    entry.end();
  }
  out += ']';
  if (more) {
    writer.text("LastEvaluatedStreamArn", stream_arn(call.context, streams.back().table_name, streams.back().label));
  }
  writer.end();
}

void describe_stream(Call& call) {
  const engine::StreamInfo stream = stream_of(call, call.request.required_text("StreamArn"));
  std::vector<const engine::Shard*> shards = shards_asked_for(call.request, stream);
  const std::size_t limit = limit_of(call.request, kShardsOfPage);
  const bool more = shards.size() > limit;
  if (more) shards.resize(limit);
  ObjectWriter reply(call.reply);
  ObjectWriter writer(reply.key("StreamDescription"));
  writer.text("StreamArn", stream_arn(call.context, stream.table_name, stream.label));
  writer.text("StreamLabel", stream.label);
  writer.text("StreamStatus", stream.stopped_ms == 0 ? "ENABLED" : "DISABLED");
  writer.text("StreamViewType", stream.view_type);
  writer.time("CreationRequestDateTime", stream.created_ms);
  writer.text("TableName", stream.table_name);
  append_key_schema(stream.key_schema, writer.key("KeySchema"));
  std::string& out = writer.key("Shards");
  out += '[';
  for (const engine::Shard* shard : shards) {
    if (shard != shards.front()) out += ',';
    append_shard(stream, *shard, out);
  }
  out += ']';
  if (more) writer.text("LastEvaluatedShardId", shard_id(stream, shards.back()->id));
  writer.end();
  reply.end();
}

void get_shard_iterator(Call& call) {
  const std::string_view arn = call.request.required_text("StreamArn");
  const engine::StreamInfo stream = stream_of(call, arn);
  const auto id = parse_shard_id(stream, call.request.required_text("ShardId"));
  const engine::Shard* shard = id ? stream.shard(*id) : nullptr;
  if (shard == nullptr) core::throw_resource_not_found("Requested resource not found: Shard does not exist");
  ShardIterator iterator;
  iterator.stream = stream.space;
  iterator.position = position_of(call, stream, *shard);
  iterator.created_ms = call.engine().clock().now_ms();
  ObjectWriter writer(call.reply);
  writer.text("ShardIterator", write_shard_iterator(arn, iterator));
  writer.end();
}

void get_records(Call& call) {
  const auto parsed = parse_shard_iterator(call.request.required_text("ShardIterator"));
  if (!parsed) throw_validation("Invalid ShardIterator");
  // Not a structured binding, which some compilers do not allow lambdas to capture.
  const std::string_view arn = parsed->first;
  const ShardIterator& iterator = parsed->second;
  const std::int64_t now_ms = call.engine().clock().now_ms();
  if (now_ms - iterator.created_ms > kIteratorLifetimeMs) {
    throw core::ApiError(core::ErrorCode::kExpiredIterator, "Shard iterator has expired");
  }
  const auto stream = call.engine().find_stream(iterator.stream);
  // Authorization was checked by the ARN, so it must be that of this stream.
  if (!stream || !names(arn, call.context, *stream)) throw_no_stream(arn);

  const std::size_t limit = limit_of(call.request, kRecordsOfPage);
  std::size_t count = 0;
  std::size_t bytes = 0;
  StreamRecordWriter records(call.context.region, *stream, iterator.position.shard);
  ObjectWriter writer(call.reply);
  std::string& out = writer.key("Records");
  out += '[';
  const auto next = call.engine().read_stream(
      stream->space, iterator.position, [&](engine::LogNumber number, const engine::LogRecord& record) {
        const std::size_t size_bytes = record.size_bytes();
        if (count == limit || (count > 0 && bytes + size_bytes > core::kMaxPageSizeBytes)) return false;
        if (count++ > 0) out += ',';
        bytes += size_bytes;
        records.append(number, record, out);
        return true;
      });
  out += ']';
  if (next) {
    ShardIterator following = iterator;
    following.position.number = *next;
    // Records that were not returned yet may be trimmed before the next call, which then must fail.
    following.position.from_oldest = iterator.position.from_oldest && count == 0;
    following.created_ms = now_ms;
    writer.text("NextShardIterator", write_shard_iterator(arn, following));
  }
  writer.end();
}

}  // namespace stator::api
