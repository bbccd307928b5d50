#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/log/log_types.h"

/// Records of a stream as GetRecords returns them.
namespace stator::api {

/// Writes the records of one shard. Parts that all records share are made once, as a page has up to a thousand records.
class StreamRecordWriter {
 public:
  StreamRecordWriter(std::string_view region, const engine::StreamInfo& stream, std::uint32_t shard);

  /// Appends a record as a JSON object.
  void append(engine::LogNumber number, const engine::LogRecord& record, std::string& out);

 private:
  void append_event_id(engine::LogNumber number, std::string& out);

  std::string before_time_;  // the text from after eventName to ApproximateCreationDateTime
  std::string after_size_;   // the text from after SizeBytes to the end of "dynamodb"
  /// The hashed bytes of an eventID: stream, shard, number, and which half of the id.
  std::array<char, 4 + 4 + 8 + 1> place_{};
};

}  // namespace stator::api
