#include "kinesis/record.h"

#include <algorithm>

#include "core/hexadecimal.h"
#include "engine/log/record.h"
#include "json/object_writer.h"
#include "store/key_encoding.h"

namespace stator::kinesis {
namespace {

/// A hash of 128 bits, as 32 digits.
std::string digest(const std::string& text, std::string_view digits) {
  return core::hexadecimal(store::partition_hash(text), digits) +
         core::hexadecimal(store::partition_hash(text + '2'), digits);
}

/// The id of a change's event: the same each time the change is sent.
std::string event_id(store::SpaceId space, std::uint32_t shard, engine::LogNumber number) {
  std::string place;
  store::append_space(space, place);
  store::append_space(shard, place);
  store::append_hash(number, place);
  std::string id = digest(place, core::kHexadecimalDigits);
  for (const std::size_t at : {8, 13, 18, 23}) id.insert(at, 1, '-');
  return id;
}

/// When the change was made. Numbers of records begin with the millisecond, and grow from change to change.
std::int64_t time_of(engine::LogNumber number, const engine::LogRecord& record, bool microseconds) {
  if (!microseconds) return record.time_ms;
  constexpr std::int64_t kPerMillisecond = 1000;
  const std::int64_t behind = static_cast<std::int64_t>(number - engine::first_number_at(record.time_ms));
  return record.time_ms * kPerMillisecond + std::clamp<std::int64_t>(behind, 0, kPerMillisecond - 1);
}

}  // namespace

Record make_record(const engine::Deliveries::Destination& destination, std::string_view region, std::uint32_t shard,
                   engine::LogNumber number, const engine::LogRecord& change) {
  Record record;
  record.number = number;
  record.partition_key = digest(std::string(change.keys.json), core::kHexadecimalCapitals);
  json::ObjectWriter writer(record.data);
  writer.text("awsRegion", region);
  writer.text("eventID", event_id(destination.space, shard, number));
  writer.text("eventName", event_name(change.kind));
  writer.key("userIdentity") += change.origin == engine::ChangeOrigin::kTimeToLive
                                    ? R"({"principalId":"dynamodb.amazonaws.com","type":"Service"})"
                                    : "null";
  writer.text("recordFormat", "application/json");
  writer.text("tableName", destination.table_name);
  json::ObjectWriter inner(writer.key("dynamodb"));
  inner.integer("ApproximateCreationDateTime", time_of(number, change, destination.microseconds));
  inner.key("Keys") += change.keys.json;
  if (!change.new_image.json.empty()) inner.key("NewImage") += change.new_image.json;
  if (!change.old_image.json.empty()) inner.key("OldImage") += change.old_image.json;
  inner.integer("SizeBytes", static_cast<std::int64_t>(change.size_bytes()));
  if (destination.microseconds) inner.text("ApproximateCreationDateTimePrecision", "MICROSECOND");
  inner.end();
  writer.text("eventSource", "aws:dynamodb");
  writer.end();
  return record;
}

}  // namespace stator::kinesis
