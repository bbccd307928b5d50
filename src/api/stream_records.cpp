#include "api/stream_records.h"

#include <charconv>

#include "api/stream_names.h"
#include "core/hexadecimal.h"
#include "engine/log/record.h"
#include "json/writer.h"
#include "store/key_encoding.h"

namespace stator::api {
namespace {

constexpr std::size_t kNumberAt = 8;  // in the hashed bytes
constexpr std::size_t kHalfAt = 16;

void append_integer(std::int64_t value, std::string& out) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

StreamRecordWriter::StreamRecordWriter(std::string_view region, const engine::StreamInfo& stream, std::uint32_t shard) {
  before_time_ = R"(,"eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":)";
  json::append_string(region, before_time_);
  before_time_ += R"(,"dynamodb":{"ApproximateCreationDateTime":)";
  after_size_ = R"(,"StreamViewType":)";
  json::append_string(stream.view_type, after_size_);
  after_size_ += '}';
  std::string place;
  store::append_space(stream.space, place);
  store::append_space(shard, place);
  place.copy(place_.data(), kNumberAt);
}

void StreamRecordWriter::append(engine::LogNumber number, const engine::LogRecord& record, std::string& out) {
  out += R"({"eventID":")";
  append_event_id(number, out);
  out.append(R"(","eventName":")").append(event_name(record.kind)).append("\"").append(before_time_);
  append_integer(record.time_ms / 1000, out);
  out.append(R"(,"Keys":)").append(record.keys.json);
  if (!record.new_image.json.empty()) out.append(R"(,"NewImage":)").append(record.new_image.json);
  if (!record.old_image.json.empty()) out.append(R"(,"OldImage":)").append(record.old_image.json);
  out += R"(,"SequenceNumber":")";
  append_sequence_number(number, out);
  out += R"(","SizeBytes":)";
  append_integer(static_cast<std::int64_t>(record.size_bytes()), out);
  out += after_size_;
  if (record.origin == engine::ChangeOrigin::kTimeToLive) {
    out += R"(,"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"})";
  }
  out += '}';
}

/// Appends 32 hexadecimal digits, the same whenever the record is read.
void StreamRecordWriter::append_event_id(engine::LogNumber number, std::string& out) {
  for (std::size_t i = kHalfAt; i-- > kNumberAt; number >>= 8U) place_[i] = static_cast<char>(number & 0xFFU);
  const std::string_view place(place_.data(), place_.size());
  core::append_hexadecimal(store::partition_hash(place.substr(0, kHalfAt)), out);
  place_[kHalfAt] = '2';
  core::append_hexadecimal(store::partition_hash(place), out);
}

}  // namespace stator::api
