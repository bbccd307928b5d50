#include "toolkit/stream_reader.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "toolkit/table_info.h"

namespace stator::toolkit {
namespace {

/// New shards are looked for every so many rounds.
constexpr int kRoundsOfShards = 20;

json::Array array_of(const json::Object& object, std::string_view name) {
  json::Value value;
  json::Array found;
  if (!json::find_member(object, name, value) || value.get(found) != simdjson::SUCCESS) {
    throw std::runtime_error("the reply has no " + std::string(name));
  }
  return found;
}

}  // namespace

std::string member_text(const json::Object& object, std::string_view name) {
  json::Value value;
  std::string_view text;
  if (!json::find_member(object, name, value) || value.get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

std::optional<json::Object> member_object(const json::Object& object, std::string_view name) {
  json::Value value;
  json::Object found;
  if (!json::find_member(object, name, value) || value.get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

json::Object change_of_record(const json::Object& record) {
  const auto change = member_object(record, "dynamodb");
  if (!change) throw std::runtime_error("a record has no change");
  return *change;
}

std::int64_t seconds_of_change(const json::Object& change) {
  // The service writes times as seconds, with or without a fraction.
  json::Value value;
  double seconds = 0;
  if (!json::find_member(change, "ApproximateCreationDateTime", value)) return 0;
  if (value.get(seconds) != simdjson::SUCCESS) return 0;
  return static_cast<std::int64_t>(seconds);
}

StreamReader::StreamReader(endpoint::Endpoint& endpoint, const std::string& table, Sleep sleep)
    : endpoint_(endpoint), sleep_(std::move(sleep)) {
  const TableInfo info = describe_table(endpoint_, table);
  json::Parser parser;
  const json::Object description = parser.parse(info.description_json).get_object().value();
  stream_arn_ = member_text(description, "LatestStreamArn");
  if (const auto stream = member_object(description, "StreamSpecification"))
    view_type_ = member_text(*stream, "StreamViewType");
  if (stream_arn_.empty()) {
    throw std::runtime_error("table " + table + R"( has no stream; stator api update-table '{"TableName": ")" + table +
                             R"(", "StreamSpecification": {"StreamEnabled": true, )" +
                             R"("StreamViewType": "NEW_AND_OLD_IMAGES"}}' enables one)");
  }
}

bool StreamReader::all_ended() const {
  return std::ranges::all_of(shards_, [](const auto& entry) { return entry.second.ended; });
}

void StreamReader::find_shards(bool from_now) {
  std::string start;
  do {
    RequestBuilder request;
    request.text("StreamArn", stream_arn_);
    if (!start.empty()) request.text("ExclusiveStartShardId", start);
    const std::string reply = call_patiently(endpoint_, "DescribeStream", request.str(), sleep_);
    json::Parser parser;
    const json::Object stream = parser.parse(reply)["StreamDescription"].get_object();
    disabled_ = member_text(stream, "StreamStatus") == "DISABLED";
    for (const json::Value element : array_of(stream, "Shards")) {
      const json::Object shard = element.get_object();
      const auto [place, is_new] = shards_.try_emplace(member_text(shard, "ShardId"));
      place->second.parent = member_text(shard, "ParentShardId");
      if (is_new) place->second.from_now = from_now;
    }
    start = member_text(stream, "LastEvaluatedShardId");
  } while (!start.empty());
}

bool StreamReader::may_read(const FollowedShard& shard) const {
  if (shard.ended) return false;
  const auto parent = shards_.find(shard.parent);
  return parent == shards_.end() || parent->second.ended;
}

bool StreamReader::read_round(const Visitor& visit) {
  bool found = false;
  for (auto& [id, shard] : shards_) {
    if (may_read(shard)) found = read_page(id, shard, visit) || found;
  }
  // A shard that ended may have children.
  const bool ended_one = ended_one_;
  if (ended_one || ++rounds_ % kRoundsOfShards == 0) find_shards(false);
  ended_one_ = false;  // stays set if that fails
  return found || ended_one;
}

bool StreamReader::read_page(const std::string& id, FollowedShard& shard, const Visitor& visit) {
  std::string reply;
  try {
    if (shard.iterator.empty()) shard.iterator = request_iterator(id, shard);
    reply =
        call_patiently(endpoint_, "GetRecords", RequestBuilder().text("ShardIterator", shard.iterator).str(), sleep_);
  } catch (const OperationError& error) {
    restart_shard(id, shard, error);
    return true;
  }
  return handle_page(reply, shard, visit);
}

/// Replaces an expired iterator by one after the last record read, or skips deleted records.
void StreamReader::restart_shard(const std::string& id, FollowedShard& shard, const OperationError& error) {
  const bool expired = error.type == core::ErrorCode::kExpiredIterator;
  const bool trimmed = error.type == core::ErrorCode::kTrimmedDataAccess;
  if (!expired && !trimmed) throw;
  if (trimmed && !skips_gaps_) throw StreamGap("records of shard " + id + " are gone: they are kept for a day");
  if (trimmed) shard.last_read.clear();
  shard.reread = shard.from_now && shard.last_read.empty();
  shard.from_now = false;
  shard.iterator.clear();
}

std::string StreamReader::request_iterator(const std::string& id, const FollowedShard& shard) {
  RequestBuilder request;
  request.text("StreamArn", stream_arn_).text("ShardId", id);
  if (!shard.last_read.empty()) {
    request.text("ShardIteratorType", "AFTER_SEQUENCE_NUMBER").text("SequenceNumber", shard.last_read);
  } else {
    request.text("ShardIteratorType", shard.from_now ? "LATEST" : "TRIM_HORIZON");
  }
  json::Parser parser;
  const std::string reply = call_patiently(endpoint_, "GetShardIterator", request.str(), sleep_);
  return member_text(parser.parse(reply).get_object(), "ShardIterator");
}

bool StreamReader::has_newest_record() {
  const auto is_older = [](const auto& one, const auto& other) {
    const std::string& a = one.second.last_read;
    const std::string& b = other.second.last_read;
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  };
  const auto newest = std::ranges::max_element(shards_, is_older);
  if (newest == shards_.end() || newest->second.last_read.empty()) return true;
  RequestBuilder request;
  request.text("StreamArn", stream_arn_).text("ShardId", newest->first);
  request.text("ShardIteratorType", "AT_SEQUENCE_NUMBER").text("SequenceNumber", newest->second.last_read);
  try {
    json::Parser parser;
    std::string reply = call_patiently(endpoint_, "GetShardIterator", request.str(), sleep_);
    std::string iterator = member_text(parser.parse(reply).get_object(), "ShardIterator");
    // A page may be empty although records follow.
    constexpr int kMostPages = 10;
    for (int page = 0; page < kMostPages && !iterator.empty(); ++page) {
      reply = call_patiently(endpoint_, "GetRecords",
                             RequestBuilder().text("ShardIterator", iterator).number("Limit", 1).str(), sleep_);
      const json::Object answer = parser.parse(reply).get_object();
      const json::Array records = array_of(answer, "Records");
      if (records.size() > 0) {
        const json::Object record = records.at(0).get_object();
        return member_text(change_of_record(record), "SequenceNumber") == newest->second.last_read;
      }
      iterator = member_text(answer, "NextShardIterator");
    }
    return false;
  } catch (const OperationError& error) {
    // The shard has not reached that sequence number.
    if (error.type == core::ErrorCode::kValidation) return false;
    const bool is_gone =
        error.type == core::ErrorCode::kTrimmedDataAccess || error.type == core::ErrorCode::kResourceNotFound;
    if (!is_gone) throw;
    return true;
  }
}

bool StreamReader::handle_page(const std::string& reply, FollowedShard& shard, const Visitor& visit) {
  json::Parser parser;
  const json::Object page = parser.parse(reply).get_object();
  const json::Array records = array_of(page, "Records");
  for (const json::Value element : records) {
    const json::Object record = element.get_object();
    shard.last_read = member_text(change_of_record(record), "SequenceNumber");
    visit(shard, record);
  }
  shard.iterator = member_text(page, "NextShardIterator");
  if (shard.iterator.empty()) {
    shard.ended = true;
    ended_one_ = true;
  }
  return records.size() > 0;
}

}  // namespace stator::toolkit
