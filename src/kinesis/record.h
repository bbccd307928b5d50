#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/log/deliveries.h"

/// Changes of items as DynamoDB sends them to Kinesis streams
/// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_gettingstarted.html).
namespace stator::kinesis {

struct Record {
  engine::LogNumber number = 0;
  /// Determines the Kinesis shard; the same for all changes of an item.
  std::string partition_key;
  /// JSON.
  std::string data;
};

/// Makes the record of a change, with `region` as the region of the table.
Record make_record(const engine::Deliveries::Destination& destination, std::string_view region, std::uint32_t shard,
                   engine::LogNumber number, const engine::LogRecord& record);

}  // namespace stator::kinesis
